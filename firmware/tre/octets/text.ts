import { ascii } from "./octets";

const alphabet = ascii("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

function sextetOf(letter: u32): u32 {
	if (letter >= 0x41 && letter <= 0x5a) return letter - 0x41;
	if (letter >= 0x61 && letter <= 0x7a) return letter - 0x61 + 26;
	if (letter >= 0x30 && letter <= 0x39) return letter - 0x30 + 52;
	if (letter == 0x2b) return 62;
	if (letter == 0x2f) return 63;
	return 64;
}

export function base64Length(octets: i32): i32 {
	return ((octets + 2) / 3) * 4;
}

/** Writes the base64 form (RFC 4648 section 4) at `out[at]`; answers its length. */
export function encodeBase64(octets: Uint8Array, out: Uint8Array, at: i32): i32 {
	let to = at;
	for (let i = 0; i < octets.length; i += 3) {
		const rest = octets.length - i;
		const b0 = <u32>octets[i];
		const b1: u32 = rest > 1 ? octets[i + 1] : 0;
		const b2: u32 = rest > 2 ? octets[i + 2] : 0;
		const group = (b0 << 16) | (b1 << 8) | b2;
		out[to++] = alphabet[(group >> 18) & 63];
		out[to++] = alphabet[(group >> 12) & 63];
		out[to++] = rest > 1 ? alphabet[(group >> 6) & 63] : 0x3d;
		out[to++] = rest > 2 ? alphabet[group & 63] : 0x3d;
	}
	return to - at;
}

/** Four letters as 24 bits; `padding` of them are `=`. Above 2^24 where a letter is none of the alphabet. */
function sextets(text: Uint8Array, at: i32, padding: i32): u32 {
	let group: u32 = 0;
	for (let i = 0; i < 4; i++) {
		const value = i < 4 - padding ? sextetOf(text[at + i]) : 0;
		if (value > 63) return u32.MAX_VALUE;
		group = (group << 6) | value;
	}
	return group;
}

/** Canonical base64 only: padded, no spare bits, no white space. Null otherwise. */
export function decodeBase64(text: Uint8Array): Uint8Array | null {
	const length = text.length;
	if (length % 4 != 0) return null;
	if (length == 0) return new Uint8Array(0);
	let padding = 0;
	if (text[length - 1] == 0x3d) padding = text[length - 2] == 0x3d ? 2 : 1;
	const out = new Uint8Array((length / 4) * 3 - padding);
	let to = 0;
	for (let i = 0; i < length; i += 4) {
		const group = sextets(text, i, i + 4 == length ? padding : 0);
		if (group == u32.MAX_VALUE) return null;
		for (let shift = 16; shift >= 0; shift -= 8) {
			const octet = <u8>(group >> shift);
			if (to < out.length) out[to++] = octet;
			else if (octet != 0) return null;
		}
	}
	return out;
}

/** Lower-case hex. */
export function encodeHex(octets: Uint8Array): Uint8Array {
	const digits = "0123456789abcdef";
	const out = new Uint8Array(octets.length * 2);
	for (let i = 0; i < octets.length; i++) {
		out[2 * i] = <u8>digits.charCodeAt(octets[i] >> 4);
		out[2 * i + 1] = <u8>digits.charCodeAt(octets[i] & 15);
	}
	return out;
}

/** Hex in one case only: `ten` is the octet of the digit for 10 (0x61 or 0x41). Null otherwise. */
export function decodeHex(text: Uint8Array, ten: u32): Uint8Array | null {
	if (text.length % 2 != 0) return null;
	const out = new Uint8Array(text.length / 2);
	for (let i = 0; i < text.length; i++) {
		const letter = <u32>text[i];
		let value: u32 = 16;
		if (letter >= 0x30 && letter <= 0x39) value = letter - 0x30;
		else if (letter >= ten && letter < ten + 6) value = letter - ten + 10;
		if (value > 15) return null;
		out[i >> 1] = <u8>((out[i >> 1] << 4) | value);
	}
	return out;
}

/** Decimal without leading zeros, 1 … 2^32-1; 0 for anything else. */
export function decodeDecimal(text: Uint8Array): u32 {
	if (text.length == 0 || text.length > 10 || text[0] == 0x30) return 0;
	let value: u64 = 0;
	for (let i = 0; i < text.length; i++) {
		const letter = text[i];
		if (letter < 0x30 || letter > 0x39) return 0;
		value = value * 10 + (letter - 0x30);
	}
	return value > u32.MAX_VALUE ? 0 : <u32>value;
}

export function encodeDecimal(value: u32): Uint8Array {
	return ascii(value.toString());
}
