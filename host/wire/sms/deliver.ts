import {
	addressOf,
	digitsOf,
	EIGHT_BIT,
	HAS_HEADER,
	readAddress,
	readCoding,
	readUserData,
	swapped,
	TpduReader,
	type UserData,
	userDataOf,
} from "./user-data.ts";

export type Timestamp = readonly [number, number, number, number, number, number, number];

/** An SMS-DELIVER with 8-bit data (TS 23.040 clause 9.2.2.1). */
export interface SmsDeliver extends UserData {
	/** The originating address: digits, with `+` where it is international, or a name. */
	readonly originator: string;
	/**
	 * Service centre time stamp: year, month, day, hour, minute, second, quarters of an hour from UTC. Missing where the
	 * centre gave none that can be read.
	 */
	readonly timestamp?: Timestamp;
}

/** TP-MTI 00 with TP-MMS set: no more messages wait. */
const DELIVER = 0x04;
const MESSAGE_TYPE = 0x03;

const two = (value: number): string => String(value).padStart(2, "0");

const NO_TIMESTAMP = Array.from({ length: 7 }, () => 0xff);

function timestampOf([year, month, day, hour, minute, second, zone]: Timestamp): number[] {
	const stamp = [year % 100, month, day, hour, minute, second].flatMap((value) => swapped(two(value)));
	const quarters = swapped(two(Math.abs(zone)))[0] as number;
	return [...stamp, quarters | (zone < 0 ? 0x08 : 0)];
}

export function encodeDeliver(message: SmsDeliver): Buffer {
	const originator = addressOf(message.originator);
	const { headed, octets } = userDataOf(message);
	return Buffer.from([
		DELIVER | (headed ? HAS_HEADER : 0),
		...originator,
		...[0x00, EIGHT_BIT],
		...(message.timestamp ? timestampOf(message.timestamp) : NO_TIMESTAMP),
		...octets,
	]);
}

function readTimestamp(octets: TpduReader): Timestamp | undefined {
	const digits = digitsOf(octets.take(6));
	const zone = octets.octet();
	const quarters = digitsOf(Uint8Array.of(zone & 0xf7));
	if (!/^\d{12}$/.test(digits) || !/^\d\d$/.test(quarters)) return undefined;
	const [year, month, day, hour, minute, second] = (digits.match(/../g) ?? []).map(Number) as [
		...[number, number, number, number, number, number],
	];
	return [2000 + year, month, day, hour, minute, second, (zone & 0x08 ? -1 : 1) * Number(quarters)];
}

/** Reads an SMS-DELIVER with 8-bit data; throws TpduError for anything else. */
export function decodeDeliver(input: Uint8Array): SmsDeliver {
	const octets = new TpduReader(input);
	const first = octets.octet();
	if ((first & MESSAGE_TYPE) !== 0) octets.refuse("type", 0);
	const originator = readAddress(octets);
	octets.octet();
	readCoding(octets);
	const timestamp = readTimestamp(octets);
	return { originator, ...(timestamp ? { timestamp } : {}), ...readUserData(octets, (first & HAS_HEADER) !== 0) };
}
