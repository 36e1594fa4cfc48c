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

/** An SMS-DELIVER with 8-bit data (TS 23.040 clause 9.2.2.1). */
export interface SmsDeliver extends UserData {
	/** Digits of the originating address, with `+` where it is international. */
	readonly originator: string;
	/** Service centre time stamp: year, month, day, hour, minute, second, quarters of an hour from UTC. */
	readonly timestamp: readonly [number, number, number, number, number, number, number];
}

/** TP-MTI 00 with TP-MMS set: no more messages wait. */
const DELIVER = 0x04;
const MESSAGE_TYPE = 0x03;

const two = (value: number): string => String(value).padStart(2, "0");

export function encodeDeliver(message: SmsDeliver): Buffer {
	const originator = addressOf(message.originator);
	const [year, month, day, hour, minute, second, zone] = message.timestamp;
	const quarters = Math.abs(zone);
	const { headed, octets } = userDataOf(message);
	const stamp = [year % 100, month, day, hour, minute, second].flatMap((value) => swapped(two(value)));
	const zoneOctet = (swapped(two(quarters))[0] as number) | (zone < 0 ? 0x08 : 0);
	return Buffer.from([
		DELIVER | (headed ? HAS_HEADER : 0),
		...originator,
		...[0x00, EIGHT_BIT, ...stamp, zoneOctet],
		...octets,
	]);
}

function readTimestamp(octets: TpduReader): SmsDeliver["timestamp"] {
	const from = octets.at;
	const digits = digitsOf(octets.take(6));
	const zone = octets.octet();
	const quarters = digitsOf(Uint8Array.of(zone & 0xf7));
	if (!/^\d{12}$/.test(digits) || !/^\d\d$/.test(quarters)) octets.refuse("timestamp", from);
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
	return { originator, timestamp, ...readUserData(octets, (first & HAS_HEADER) !== 0) };
}
