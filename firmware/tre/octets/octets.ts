/** Octets of an ASCII literal. */
export function ascii(text: string): Uint8Array {
	const octets = new Uint8Array(text.length);
	for (let i = 0; i < text.length; i++) octets[i] = <u8>text.charCodeAt(i);
	return octets;
}

export function equal(a: Uint8Array, b: Uint8Array): bool {
	if (a.length != b.length) return false;
	return memory.compare(a.dataStart, b.dataStart, a.length) == 0;
}

/** Time depends on the length only: for MACs and digests. */
export function equalSecret(a: usize, b: usize, length: i32): bool {
	let difference: u32 = 0;
	for (let i = 0; i < length; i++) difference |= load<u8>(a + i) ^ load<u8>(b + i);
	return difference == 0;
}

export function equalAscii(octets: Uint8Array, text: string): bool {
	if (octets.length != text.length) return false;
	for (let i = 0; i < octets.length; i++) {
		if (octets[i] != <u8>text.charCodeAt(i)) return false;
	}
	return true;
}

/** A copy that outlives the buffer `octets` points into. */
export function copy(octets: Uint8Array): Uint8Array {
	const result = new Uint8Array(octets.length);
	memory.copy(result.dataStart, octets.dataStart, octets.length);
	return result;
}

export function readU32(octets: Uint8Array, at: i32): u32 {
	return ((<u32>octets[at]) << 24) | ((<u32>octets[at + 1]) << 16) | ((<u32>octets[at + 2]) << 8) | <u32>octets[at + 3];
}

export function writeU32(octets: Uint8Array, at: i32, value: u32): void {
	for (let i = 0; i < 4; i++) octets[at + i] = <u8>(value >> (24 - 8 * i));
}

/** 48-bit number, big endian (SQN, TS 33.102). */
export function readU48(octets: Uint8Array, at: i32): u64 {
	let value: u64 = 0;
	for (let i = 0; i < 6; i++) value = (value << 8) | octets[at + i];
	return value;
}

export function writeU48(octets: Uint8Array, at: i32, value: u64): void {
	for (let i = 0; i < 6; i++) octets[at + i] = <u8>(value >> (40 - 8 * i));
}
