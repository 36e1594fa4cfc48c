import { createHash } from "node:crypto";
import { encodeDeliver, type SmsDeliver } from "../sms/deliver.ts";
import { encodeSubmit, type SmsSubmit } from "../sms/submit.ts";
import { segment } from "../sms/user-data.ts";
import { encodeWbxml } from "../wbxml/encode.ts";
import { WbxmlError } from "../wbxml/error.ts";
import { decodeWbxml } from "../wbxml/tree.ts";
import { canonicalXml } from "../xml/canonical.ts";
import { readSignedXml } from "../xml/strict.ts";
import { PUSH_PORT, type SecurityMethod, SOURCE_PORT } from "./media.ts";
import { provisioningMac } from "./security.ts";
import { encodePush } from "./wsp.ts";

/** A message that is pushed to a device. */
export interface PushMessage {
	readonly contentType: string;
	readonly body: Uint8Array;
	readonly sec?: SecurityMethod;
	readonly mac?: string;
}

/** Content type of a bootstrap in its binary form (OMA ProvBoot 1.1). */
export const BOOTSTRAP_TYPE = "application/vnd.wap.connectivity-wbxml";

/** A signed bootstrap as it travels: WBXML, with the MAC that only says that the sender knows the IMSI. */
export function bootstrapPush(sent: string, imsi: string): PushMessage {
	const body = encodeWbxml(readSignedXml(sent));
	return { contentType: BOOTSTRAP_TYPE, body, sec: "NETWPIN", mac: provisioningMac("NETWPIN", { imsi }, body) };
}

/** The XML form of a pushed bootstrap; throws WbxmlError where it is none. */
export function bootstrapText(body: Uint8Array): string {
	const { language, root } = decodeWbxml(body);
	if (language.name !== "PROV") throw new WbxmlError("root", 0);
	return canonicalXml(root);
}

const quarter = 15;

/**
 * The SMS-DELIVER TPDUs of a push, in order. The same message gets the same reference, so that segments of an
 * earlier sending still count.
 */
export function deliveryOf(message: PushMessage, originator: string, at: Date): readonly Buffer[] {
	const digest = createHash("sha256").update(message.contentType).update(message.body).digest();
	const data = encodePush({ ...message, tid: digest[2] as number });
	const timestamp = [
		...[at.getFullYear(), at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds()],
		-at.getTimezoneOffset() / quarter,
	] as const;
	const ports = { destination: PUSH_PORT, source: SOURCE_PORT };
	const whole = { originator, timestamp, ports, data };
	return segment<SmsDeliver>(whole, digest.readUInt16BE(0), 16).map(encodeDeliver);
}

/**
 * The SMS-SUBMIT TPDUs of a message to a service centre, in order: the same PDU in the other direction, from the port
 * that a push comes to.
 */
export function submissionOf(message: PushMessage, recipient: string): readonly Buffer[] {
	const digest = createHash("sha256").update(message.contentType).update(message.body).digest();
	const data = encodePush({ ...message, tid: digest[2] as number });
	const ports = { destination: SOURCE_PORT, source: PUSH_PORT };
	const whole = { messageReference: digest[3] as number, recipient, ports, data };
	return segment<SmsSubmit>(whole, digest.readUInt16BE(0), 16).map(encodeSubmit);
}

/** Address of an operator's service centre, as the devices see it. */
export function serviceCentreOf(shoId: string): string {
	const number = createHash("sha256").update(shoId).digest().readUInt32BE(0) % 1e8;
	return `+88299${String(number).padStart(8, "0")}`;
}
