import {
	addressOf,
	EIGHT_BIT,
	HAS_HEADER,
	readAddress,
	readCoding,
	readUserData,
	TpduReader,
	type UserData,
	userDataOf,
} from "./user-data.ts";

/** An SMS-SUBMIT with 8-bit data and without a validity period (TS 23.040 clause 9.2.2.2). */
export interface SmsSubmit extends UserData {
	/** TP-MR, 0 to 255. */
	readonly messageReference: number;
	/** Digits of the destination, with `+` where it is international. */
	readonly recipient: string;
}

const SUBMIT = 0x01;
const MESSAGE_TYPE = 0x03;
const VALIDITY = 0x18;

export function encodeSubmit(message: SmsSubmit): Buffer {
	const { headed, octets } = userDataOf(message);
	return Buffer.from([
		SUBMIT | (headed ? HAS_HEADER : 0),
		message.messageReference,
		...addressOf(message.recipient),
		...[0x00, EIGHT_BIT],
		...octets,
	]);
}

/** Octets of a validity period, by its format (TS 23.040 clause 9.2.3.3). */
const validityOctets = [0, 7, 1, 7];

/** Reads an SMS-SUBMIT with 8-bit data; throws TpduError for anything else. A validity period is passed over. */
export function decodeSubmit(input: Uint8Array): SmsSubmit {
	const octets = new TpduReader(input);
	const first = octets.octet();
	if ((first & MESSAGE_TYPE) !== SUBMIT) octets.refuse("type", 0);
	const messageReference = octets.octet();
	const recipient = readAddress(octets);
	octets.octet();
	readCoding(octets);
	octets.take(validityOctets[(first & VALIDITY) >> 3] as number);
	return { messageReference, recipient, ...readUserData(octets, (first & HAS_HEADER) !== 0) };
}
