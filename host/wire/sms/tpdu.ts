import { OctetReader } from "../octet-reader.ts";
import { Refused } from "../refused.ts";

/** Where a segment belongs in a concatenated message (TS 23.040 clause 9.2.3.24.1 and .8). */
export interface Concatenation {
	readonly reference: number;
	/** Bits of the reference, 8 or 16: two messages with the same number and other bits are two. */
	readonly bits: 8 | 16;
	/** Number of segments, 1 … 255, and which one this is, from 1. */
	readonly total: number;
	readonly sequence: number;
}

export interface Ports {
	readonly destination: number;
	readonly source: number;
}

/** An SMS-DELIVER with 8-bit data (TS 23.040 clause 9.2.2.1). */
export interface SmsDeliver {
	/** Digits of the originating address, with `+` where it is international. */
	readonly originator: string;
	/** Service centre time stamp: year, month, day, hour, minute, second, quarters of an hour from UTC. */
	readonly timestamp: readonly [number, number, number, number, number, number, number];
	readonly concatenation?: Concatenation;
	readonly ports?: Ports;
	readonly data: Uint8Array;
}

export type TpduRefusal =
	| "end-of-input"
	| "trailing-octets"
	| "type"
	| "address"
	| "coding"
	| "timestamp"
	| "user-data-length"
	| "user-data-header";

export class TpduError extends Refused<TpduRefusal> {
	constructor(refusal: TpduRefusal, offset: number) {
		super("TPDU refused at octet", refusal, offset);
	}
}

/** Octets of user data in one message (clause 9.2.3.16). */
export const MAX_USER_DATA = 140;

/** TP-MTI 00 with TP-MMS set: no more messages wait. */
const DELIVER = 0x04;
const MESSAGE_TYPE = 0x03;
const HAS_HEADER = 0x40;
const INTERNATIONAL = 0x91;
const UNKNOWN = 0x81;
/** 8-bit data, class 1 (TS 23.038). */
const EIGHT_BIT = 0xf5;

const CONCAT_8 = 0x00;
const CONCAT_16 = 0x08;
const PORTS_16 = 0x05;

const swapped = (digits: string): number[] =>
	(`${digits}${digits.length % 2 === 1 ? "f" : ""}`.match(/../g) ?? []).map(([low, high]) =>
		Number.parseInt(`${high}${low}`, 16),
	);

const two = (value: number): string => String(value).padStart(2, "0");

function header({ concatenation, ports }: Pick<SmsDeliver, "concatenation" | "ports">): number[] {
	const elements: number[] = [];
	if (ports) {
		const { destination, source } = ports;
		elements.push(PORTS_16, 4, destination >> 8, destination & 0xff, source >> 8, source & 0xff);
	}
	if (concatenation) {
		const { reference, bits, total, sequence } = concatenation;
		elements.push(...(bits === 8 ? [CONCAT_8, 3, reference & 0xff] : [CONCAT_16, 4, reference >> 8, reference & 0xff]));
		elements.push(total, sequence);
	}
	return elements.length === 0 ? [] : [elements.length, ...elements];
}

export function encodeDeliver(message: SmsDeliver): Buffer {
	const international = message.originator.startsWith("+");
	const digits = international ? message.originator.slice(1) : message.originator;
	if (!/^\d{1,20}$/.test(digits)) throw new TpduError("address", 1);
	const [year, month, day, hour, minute, second, zone] = message.timestamp;
	const quarters = Math.abs(zone);
	const userHeader = header(message);
	const length = userHeader.length + message.data.length;
	if (length > MAX_USER_DATA) throw new TpduError("user-data-length", 0);
	const stamp = [year % 100, month, day, hour, minute, second].flatMap((value) => swapped(two(value)));
	const zoneOctet = (swapped(two(quarters))[0] as number) | (zone < 0 ? 0x08 : 0);
	return Buffer.from([
		DELIVER | (userHeader.length > 0 ? HAS_HEADER : 0),
		...[digits.length, international ? INTERNATIONAL : UNKNOWN, ...swapped(digits)],
		...[0x00, EIGHT_BIT, ...stamp, zoneOctet],
		...[length, ...userHeader, ...message.data],
	]);
}

/** The message in segments that fit, each to the port; a single one carries no concatenation. */
export function segment(
	message: Omit<SmsDeliver, "concatenation">,
	reference: number,
	bits: 8 | 16 = 8,
): readonly SmsDeliver[] {
	const { data } = message;
	if (header(message).length + data.length <= MAX_USER_DATA) return [message];
	const room = MAX_USER_DATA - header({ ...message, concatenation: { reference, bits, total: 1, sequence: 1 } }).length;
	const total = Math.ceil(data.length / room);
	if (total > 255) throw new TpduError("user-data-length", 0);
	return Array.from({ length: total }, (_, n) => ({
		...message,
		concatenation: { reference, bits, total, sequence: n + 1 },
		data: data.subarray(n * room, (n + 1) * room),
	}));
}

class TpduReader extends OctetReader<TpduRefusal> {
	refuse(refusal: TpduRefusal, at = this.at): never {
		throw new TpduError(refusal, at);
	}
}

const digitsOf = (octets: Uint8Array): string =>
	[...octets].map((octet) => `${(octet & 15).toString(16)}${(octet >> 4).toString(16)}`).join("");

function readOriginator(octets: TpduReader): string {
	const from = octets.at;
	const count = octets.octet();
	const type = octets.octet();
	const digits = digitsOf(octets.take(Math.ceil(count / 2))).slice(0, count);
	if (count === 0 || count > 20 || !/^\d+$/.test(digits)) octets.refuse("address", from);
	return type === INTERNATIONAL ? `+${digits}` : digits;
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

type Header = Pick<SmsDeliver, "concatenation" | "ports">;

const word = (octets: Uint8Array, at: number): number => ((octets[at] as number) << 8) | (octets[at + 1] as number);

/** One that makes no sense is as if it were not there. */
function readConcatenation(value: Uint8Array, bits: 8 | 16): Concatenation | undefined {
	const [total, sequence] = value.subarray(-2) as unknown as [number, number];
	if (total === 0 || sequence === 0 || sequence > total) return undefined;
	return { reference: bits === 8 ? (value[0] as number) : word(value, 0), bits, total, sequence };
}

function readElement(id: number, value: Uint8Array): Header {
	if (id === PORTS_16 && value.length === 4) return { ports: { destination: word(value, 0), source: word(value, 2) } };
	const bits = id === CONCAT_8 && value.length === 3 ? 8 : id === CONCAT_16 && value.length === 4 ? 16 : undefined;
	const concatenation = bits && readConcatenation(value, bits);
	return concatenation ? { concatenation } : {};
}

/** Elements that are not known are passed over, as clause 9.2.3.24 asks. */
function readHeader(octets: TpduReader, end: number): Header {
	let found: Header = {};
	while (octets.at < end) {
		const from = octets.at;
		const id = octets.octet();
		const length = octets.octet();
		if (octets.at + length > end) octets.refuse("user-data-header", from);
		found = { ...found, ...readElement(id, octets.take(length)) };
	}
	return found;
}

/** Reads an SMS-DELIVER with 8-bit data; throws TpduError for anything else. */
export function decodeDeliver(input: Uint8Array): SmsDeliver {
	const octets = new TpduReader(input);
	const first = octets.octet();
	if ((first & MESSAGE_TYPE) !== 0) octets.refuse("type", 0);
	const originator = readOriginator(octets);
	octets.octet();
	const codingAt = octets.at;
	const coding = octets.octet();
	const eightBit = (coding & 0xf4) === 0xf4 || ((coding & 0xc0) === 0 && (coding & 0x2c) === 0x04);
	if (!eightBit) octets.refuse("coding", codingAt);
	const timestamp = readTimestamp(octets);
	const lengthAt = octets.at;
	const length = octets.octet();
	const end = octets.at + length;
	if (length > MAX_USER_DATA || length > octets.left) octets.refuse("user-data-length", lengthAt);
	if (length < octets.left) octets.refuse("trailing-octets", end);
	let found: Header = {};
	if ((first & HAS_HEADER) !== 0) {
		const headerAt = octets.at;
		const headerEnd = octets.octet() + octets.at;
		if (headerEnd > end) octets.refuse("user-data-header", headerAt);
		found = readHeader(octets, headerEnd);
	}
	return { originator, timestamp, ...found, data: octets.take(end - octets.at) };
}
