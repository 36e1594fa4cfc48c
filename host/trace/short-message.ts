import { BOOTSTRAP_TYPE, bootstrapText } from "../wire/push/delivery.ts";
import { PUSH_PORT } from "../wire/push/media.ts";
import { decodePush, type Push } from "../wire/push/wsp.ts";
import { decodeDeliver } from "../wire/sms/deliver.ts";
import { Reassembly } from "../wire/sms/reassembly.ts";
import { bootstrapPart } from "./bootstrap.ts";
import type { Signers } from "./signers.ts";
import type { Part } from "./traced.ts";

function pushPart(push: Push, originator: string, segments: number, port: number | undefined): Part {
	const { contentType, sec, mac, body, tid } = push;
	return {
		clause: "OMA ProvBoot",
		what: `WAP push in ${segments} short messages`,
		fields: [
			["service centre", originator],
			["port", port === PUSH_PORT ? `${port} (WAP push)` : String(port ?? "none")],
			["transaction", String(tid)],
			["content type", `${contentType}, ${body.length} octets`],
			["security", sec === undefined ? "none" : `${sec}: keyed by the IMSI or PIN; a filter, and no proof`],
			["MAC", mac === undefined ? "none" : `${mac.slice(0, 8)}… (HMAC-SHA1)`],
		],
	};
}

/** SMS-DELIVER TPDUs, a line each in hex: the push that they make up, and the bootstrap in it. */
export function shortMessageParts(lines: string, signers: Signers): readonly Part[] {
	const tpdus = lines.trim().split("\n");
	const reassembly = new Reassembly();
	let parts: Part[] = [];
	for (const tpdu of tpdus) {
		const whole = reassembly.take(decodeDeliver(Buffer.from(tpdu, "hex")), 0);
		if (!whole) continue;
		const push = decodePush(whole.data);
		const head = pushPart(push, whole.originator, tpdus.length, whole.ports?.destination);
		parts = [
			...parts,
			head,
			...(push.contentType === BOOTSTRAP_TYPE ? [bootstrapPart(bootstrapText(push.body), signers)] : []),
		];
	}
	if (parts.length === 0) throw new TypeError(`${tpdus.length} short messages, and no whole push in them`);
	return parts;
}
