import { OctetReader } from "../octet-reader.ts";
import { Refused } from "../refused.ts";
import { packSeptets, unpackSeptets } from "./alphabet.ts";

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

/** The user data of a short message: 8-bit data, and where it belongs. */
export interface UserData {
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
	| "user-data-length"
	| "user-data-header";

export class TpduError extends Refused<TpduRefusal> {
	constructor(refusal: TpduRefusal, offset: number) {
		super("TPDU refused at octet", refusal, offset);
	}
}

/** Octets of user data in one message (clause 9.2.3.16). */
export const MAX_USER_DATA = 140;

export const HAS_HEADER = 0x40;
/** Type of number and numbering plan (clause 9.1.2.5). */
const INTERNATIONAL = 0x91;
const UNKNOWN = 0x81;
const ALPHANUMERIC = 0xd0;
const TYPE_OF_NUMBER = 0x70;
/** Semi-octets of the longest address. */
const MAX_ADDRESS = 20;
/** 8-bit data, class 1 (TS 23.038). */
export const EIGHT_BIT = 0xf5;

const CONCAT_8 = 0x00;
const CONCAT_16 = 0x08;
const PORTS_16 = 0x05;

/** Digits, and what stands for the codes behind them (clause 9.1.2.3): `*`, `#`, a, b, c. */
const SYMBOLS = "0123456789*#abc";

export const swapped = (digits: string): number[] =>
	(`${digits}${digits.length % 2 === 1 ? "f" : ""}`.match(/../g) ?? []).map(([low, high]) =>
		Number.parseInt(`${high}${low}`, 16),
	);

function header({ concatenation, ports }: Omit<UserData, "data">): number[] {
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

/** length | header | data, and whether there is a header. */
export function userDataOf(message: UserData): { readonly headed: boolean; readonly octets: number[] } {
	const userHeader = header(message);
	const length = userHeader.length + message.data.length;
	if (length > MAX_USER_DATA) throw new TpduError("user-data-length", 0);
	return { headed: userHeader.length > 0, octets: [length, ...userHeader, ...message.data] };
}

/** The message in segments that fit, each to the port; a single one carries no concatenation. */
export function segment<Message extends UserData>(
	message: Omit<Message, "concatenation">,
	reference: number,
	bits: 8 | 16 = 8,
): readonly Message[] {
	const { data } = message;
	if (header(message).length + data.length <= MAX_USER_DATA) return [message as Message];
	const room = MAX_USER_DATA - header({ ...message, concatenation: { reference, bits, total: 1, sequence: 1 } }).length;
	const total = Math.ceil(data.length / room);
	if (total > 255) throw new TpduError("user-data-length", 0);
	return Array.from({ length: total }, (_, n) => ({
		...(message as Message),
		concatenation: { reference, bits, total, sequence: n + 1 },
		data: data.subarray(n * room, (n + 1) * room),
	}));
}

export class TpduReader extends OctetReader<TpduRefusal> {
	refuse(refusal: TpduRefusal, at = this.at): never {
		throw new TpduError(refusal, at);
	}
}

export const digitsOf = (octets: Uint8Array): string =>
	[...octets].map((octet) => `${(octet & 15).toString(16)}${(octet >> 4).toString(16)}`).join("");

/** A name of letters of the default alphabet. */
function nameOf(address: string): number[] {
	const octets = packSeptets(address);
	const semiOctets = Math.ceil((address.length * 7) / 4);
	if (!octets || semiOctets > MAX_ADDRESS) throw new TpduError("address", 1);
	return [semiOctets, ALPHANUMERIC, ...octets];
}

/** semi-octets(1) | type of number(1) | digits or letters: `+` in front of an international number (clause 9.1.2.5). */
export function addressOf(address: string): number[] {
	const [, plus, digits] = /^(\+?)([\d*#abc]{0,20})$/.exec(address) ?? [];
	if (digits === undefined) return nameOf(address);
	const codes = [...digits].map((digit) => SYMBOLS.indexOf(digit).toString(16)).join("");
	return [digits.length, plus === "+" ? INTERNATIONAL : UNKNOWN, ...swapped(codes)];
}

/** Who sent a message says nothing of whether it is a good one: every form of an address is read. */
export function readAddress(octets: TpduReader): string {
	const from = octets.at;
	const count = octets.octet();
	const type = octets.octet();
	if (count > MAX_ADDRESS) octets.refuse("address", from);
	const value = octets.take(Math.ceil(count / 2));
	if ((type & TYPE_OF_NUMBER) === (ALPHANUMERIC & TYPE_OF_NUMBER))
		return unpackSeptets(value, Math.floor((count * 4) / 7));
	const codes = [...digitsOf(value).slice(0, count)].map((code) => Number.parseInt(code, 16));
	const end = codes.indexOf(SYMBOLS.length);
	const digits = codes.slice(0, end < 0 ? count : end).map((code) => SYMBOLS[code] as string);
	return `${type === INTERNATIONAL ? "+" : ""}${digits.join("")}`;
}

type Header = Omit<UserData, "data">;

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

/** TS 23.038 clause 4: general data coding and marked for automatic deletion, both uncompressed. */
const isGeneral = (coding: number, alphabet: number): boolean =>
	(coding & 0x80) === 0 && (coding & 0x20) === 0 && (coding & 0x0c) === alphabet;

/** User data that are octets: 8-bit data, and UCS2. In any other coding they are septets. */
export function readCoding(octets: TpduReader): void {
	const at = octets.at;
	const coding = octets.octet();
	const eightBit = (coding & 0xf4) === 0xf4 || isGeneral(coding, 0x04);
	const ucs2 = (coding & 0xf0) === 0xe0 || isGeneral(coding, 0x08);
	if (!eightBit && !ucs2) octets.refuse("coding", at);
}

/** Length, header and data, up to the end. */
export function readUserData(octets: TpduReader, headed: boolean): UserData {
	const lengthAt = octets.at;
	const length = octets.octet();
	const end = octets.at + length;
	if (length > MAX_USER_DATA || length > octets.left) octets.refuse("user-data-length", lengthAt);
	if (length < octets.left) octets.refuse("trailing-octets", end);
	let found: Header = {};
	if (headed) {
		const headerAt = octets.at;
		const headerEnd = octets.octet() + octets.at;
		if (headerEnd > end) octets.refuse("user-data-header", headerAt);
		found = readHeader(octets, headerEnd);
	}
	return { ...found, data: octets.take(end - octets.at) };
}
