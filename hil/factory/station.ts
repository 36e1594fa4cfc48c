import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import type { TreClient } from "../../host/tre/client.ts";
import { step } from "../../host/wire/report/events.ts";
import { fromPem, type Identity, keyFromPem, rootFault } from "../network/shared/certificates.ts";
import { postMutualTls } from "../network/shared/http.ts";
import type { OperatorEntry, PvaEntry } from "../network/shared/registry.ts";
import { type Encryption, encryptions } from "./encryption.ts";
import type { UpdatePolicy } from "./updates.ts";

/** What goes with the device to its buyer (B.2.2.1). Certificates are base64 DER. */
export interface DeliveryNote {
	readonly treId: string;
	readonly certSign: string;
	readonly certEncrypt: string;
	readonly shoId: string;
	/** For the subscriber, apart from the device: whoever shows it may move the device to another SHO. */
	readonly releaseCode: string;
}

export interface FactoryPartners {
	readonly pva: PvaEntry;
	readonly ro: OperatorEntry;
	/** The station's TLS leaf under CertPVA. */
	readonly station: Identity;
}

export const readStation = (keyPath: string, certificatePath: string): Identity => ({
	key: keyFromPem(readFileSync(keyPath, "utf8")),
	certificate: fromPem(readFileSync(certificatePath, "utf8")),
});

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString("base64");
const octets = (text: string): Buffer => Buffer.from(text, "base64");

const CLAUSE = "B.2.2.1";

/** How a device is made. */
export interface Making {
	readonly encryption: Encryption;
	readonly updates: UpdatePolicy;
	/** Takes a TRE whose entropy is emulated, too: nobody may use it in the field. */
	readonly dev: boolean;
}

/** What the firmware of a board in QEMU says of its entropy source. */
const EMULATED = "emulated";
/** What that of an ESP32-C3 says of it (firmware/boards/esp32c3/entropy_board.c). */
const WITHOUT_NOISE = "rng-without-noise";
/** The TRE on a laptop: whoever runs it reads its device root key. */
const EMULATOR = "emulator";

/**
 * Manufacture: keys inside the TRE, certificates from the PVA, the network credential from the RO as
 * protected data, lock, REIGN to the RO. A device that stopped half-way goes on where it stands.
 */
export async function personalise(
	tre: TreClient,
	partners: FactoryPartners,
	{ encryption, updates, dev }: Making,
): Promise<DeliveryNote> {
	const { pva, ro, station } = partners;
	const pvaTarget = { ...pva.api, root: pva.certificate };
	const roTarget = { ...ro.api, root: ro.certificate };

	const { entropy, target } = await tre.call("info", {});
	if ((entropy === EMULATED || target === EMULATOR) && !dev)
		throw new Error(
			"this TRE is emulated and keeps its keys in files, so they are not for the field; --dev makes it all the same",
		);
	if (entropy === WITHOUT_NOISE && !dev)
		throw new Error(
			"this TRE's random numbers come from an oscillator alone, so its keys are not for the field; --dev makes it all the same",
		);
	const { state } = await tre.status();
	if (state === "personalised") return handOver(tre, partners);
	if (state === "blank") {
		await step({ clause: CLAUSE, from: "factory", to: "TRE", what: "two key pairs made inside the TRE" }, () =>
			tre.call("makeKeyPairs", { encryption: encryptions[encryption] }),
		);
	}
	const { treId, suites } = await tre.call("info", {});
	if ((suites === "3") !== (encryption === "p256"))
		throw new Error(
			`the TRE's keys are made already, for suites ${suites}; ask for --encryption ${suites === "3" ? "p256" : "rsa"}`,
		);
	if (updates === "offered") {
		await step(
			{ clause: CLAUSE, from: "factory", to: "TRE", what: "in the field, no update that its SHO does not offer" },
			() => tre.call("requireOffers", {}),
		);
	}
	const requests = await step(
		{ clause: CLAUSE, from: "TRE", to: "factory", what: "certificate signing requests" },
		async () => ({
			sign: (await tre.call("certificateRequest", { usage: 0 })).request,
			encrypt: (await tre.call("certificateRequest", { usage: 1 })).request,
		}),
	);
	const issued = await step(
		{ clause: CLAUSE, from: pva.pvaId, to: "factory", what: "both CertTRE, signed with the key of CertPVA" },
		() =>
			postMutualTls<{ certSign: string; certEncrypt: string; certPva: string }>(
				pvaTarget,
				"/certify",
				{ treId, signRequest: base64(requests.sign), encryptRequest: base64(requests.encrypt) },
				station,
			),
	);
	const credential = await step(
		{
			clause: CLAUSE,
			from: ro.shoId,
			to: "factory",
			what: "{PCID, K, OPc} made, stored in the HLR/AuC, protected for PuKTRE",
		},
		() =>
			postMutualTls<{ object: string; certificate: string; pcid: string }>(
				roTarget,
				"/factory/credential",
				{ treId, certSign: issued.certSign, certEncrypt: issued.certEncrypt },
				station,
			),
	);
	for (const [name, certificate] of [
		["CertPVA", issued.certPva],
		["CertSHO[0]", credential.certificate],
	] as const) {
		const fault = rootFault(octets(certificate));
		if (fault !== undefined) throw new Error(`no TRE takes this ${name}: ${fault}`);
	}
	await step(
		{ clause: CLAUSE, from: "factory", to: "TRE", what: "both CertTRE, CertPVA and CertSHO[0] installed" },
		() =>
			tre.call("installCertificates", {
				sign: octets(issued.certSign),
				encrypt: octets(issued.certEncrypt),
				pva: octets(issued.certPva),
				sho: octets(credential.certificate),
			}),
	);
	await step(
		{ clause: CLAUSE, from: "factory", to: "TRE", what: `network credential for PCID ${credential.pcid} installed` },
		() => tre.call("installCredential", { object: octets(credential.object) }),
	);
	return handOver(tre, partners);
}

/** Lock and delivery; also where a device was locked before and the RO has not heard of it. */
async function handOver(tre: TreClient, { pva, ro, station }: FactoryPartners): Promise<DeliveryNote> {
	const { treId } = await tre.call("info", {});
	const { reign } = await step({ clause: CLAUSE, from: "factory", to: "TRE", what: "personalisation locked" }, () =>
		tre.call("lock", {}),
	);
	const target = { ...ro.api, root: ro.certificate };
	const body = { treId, reign: Buffer.from(reign).toString("hex") };
	const { releaseCode } = await step(
		{ clause: CLAUSE, from: "factory", to: ro.shoId, what: "REIGN handed to the RO", mark: "manufactured" },
		() => postMutualTls<{ releaseCode: string }>(target, "/factory/locked", body, station),
	);
	const issued = await postMutualTls<{ certSign: string; certEncrypt: string }>(
		{ ...pva.api, root: pva.certificate },
		"/issued",
		{ treId },
		station,
	);
	return { treId, ...issued, shoId: ro.shoId, releaseCode };
}
