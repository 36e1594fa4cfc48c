import { crc32 } from "../octets/crc32";

/*
 * frame   = 0x00 | COBS(content | CRC-32(content), little endian) | 0x00
 * content = kind(1) | request id(2, LE) | segment(1) | segments(1) | octets
 *
 * The delimiter in front ends whatever else was said on the line, a boot loader's text for instance.
 */
export const HEAD: i32 = 5;
export const CRC: i32 = 4;
const MAX_CONTENT: i32 = 480 + HEAD + CRC;
const MAX_ENCODED: i32 = MAX_CONTENT + MAX_CONTENT / 254 + 1;

const incoming = new Uint8Array(MAX_ENCODED);
let filled: i32 = 0;
let overlong: bool = false;

const outgoing = new Uint8Array(MAX_ENCODED + 2);

/** COBS in place; the length of what was encoded, or -1. */
function decode(octets: Uint8Array, length: i32): i32 {
	let from = 0;
	let to = 0;
	while (from < length) {
		const code = <i32>octets[from++];
		if (code == 0 || from + code - 1 > length) return -1;
		for (let i = 1; i < code; i++) octets[to++] = octets[from++];
		if (code < 255 && from < length) octets[to++] = 0;
	}
	return to;
}

/**
 * Takes one octet off the line. Answers the length of a whole, undamaged content that now stands at
 * `received()`, or 0. Damaged and overlong frames are dropped; the next delimiter starts afresh.
 */
export function takeOctet(octet: u8): i32 {
	if (octet != 0) {
		if (filled < MAX_ENCODED) incoming[filled++] = octet;
		else overlong = true;
		return 0;
	}
	const length = overlong ? -1 : decode(incoming, filled);
	filled = 0;
	overlong = false;
	if (length < HEAD + CRC) return 0;
	const content = length - CRC;
	return load<u32>(incoming.dataStart + content) == crc32(incoming.dataStart, content) ? content : 0;
}

export function received(): usize {
	return incoming.dataStart;
}

/** Encodes a content with its CRC between delimiters; answers the length at `encoded()`. */
export function encode(content: Uint8Array, length: i32): i32 {
	store<u32>(content.dataStart + length, crc32(content.dataStart, length));
	const total = length + CRC;
	outgoing[0] = 0;
	let codeAt = 1;
	let to = 2;
	let code = 1;
	for (let i = 0; i < total; i++) {
		const octet = content[i];
		if (octet != 0) {
			outgoing[to++] = octet;
			code++;
		}
		if (octet == 0 || code == 255) {
			outgoing[codeAt] = <u8>code;
			codeAt = to++;
			code = 1;
		}
	}
	outgoing[codeAt] = <u8>code;
	outgoing[to++] = 0;
	return to;
}

export function encoded(): usize {
	return outgoing.dataStart;
}
