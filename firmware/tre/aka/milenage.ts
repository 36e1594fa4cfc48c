import * as crypto from "../platform/crypto";

/*
 * MILENAGE (TS 35.206) around a key that stays on the crypto side, as do OPc and TEMP. That side
 * computes E_K(rot(TEMP xor OPc, r) xor x) xor OPc; which r, which constants, and what IN1 is, is
 * decided here.
 *
 * A record is r(1) in bits | x(16). r1..r5 and c1..c5 are those of clause 4.1.
 */
const BLOCK: i32 = 16;
const RECORD: i32 = 17;

/** OUT2, OUT3 and OUT4: r2 = 0, r3 = 32, r4 = 64; c2 = 1, c3 = 2, c4 = 4. */
// biome-ignore format: a record a line
const answers: StaticArray<u8> = [
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4,
];
/** OUT5: r5 = 96, c5 = 8. */
const resynchronisations: StaticArray<u8> = [96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8];
/** OUT1: r1 = 64 and TEMP unrotated (only IN1 and OPc turn), c1 = 0; IN1 follows. */
const checks: StaticArray<u8> = [0x80 | 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

const answered = new StaticArray<u8>(3 * BLOCK);
const checked = new StaticArray<u8>(BLOCK);
const resynchronised = new StaticArray<u8>(BLOCK);

/** Where the outputs of a run stand, until the next one or `wipeMilenage`: f5, f2, f3, f4; f1, f1*; f5*. */
export const AK: usize = changetype<usize>(answered);
export const RES: usize = changetype<usize>(answered) + 8;
export const CK: usize = changetype<usize>(answered) + BLOCK;
export const IK: usize = changetype<usize>(answered) + 2 * BLOCK;
export const MAC_A: usize = changetype<usize>(checked);
export const MAC_S: usize = changetype<usize>(checked) + 8;
export const AK_STAR: usize = changetype<usize>(resynchronised);

/** f2, f3, f4 and f5 of a RAND (16 octets), as OUT2 to OUT4. False where the crypto side fails. */
export function answer(key: u32, rand: usize): bool {
	return run(key, rand, changetype<usize>(answers), 3, changetype<usize>(answered));
}

/** f1 and f1* over SQN (6 octets) and AMF (2), as OUT1. */
export function check(key: u32, rand: usize, sqn: usize, amf: usize): bool {
	const half = <u64>load<u32>(sqn) | ((<u64>load<u16>(sqn, 4)) << 32) | ((<u64>load<u16>(amf)) << 48);
	// IN1 is SQN | AMF twice, so its rotation by r1 is IN1 itself.
	const in1 = changetype<usize>(checks) + 1;
	store<u64>(in1, half);
	store<u64>(in1, half, 8);
	return run(key, rand, changetype<usize>(checks), 1, changetype<usize>(checked));
}

/** f5*, as OUT5: AK for resynchronisation. */
export function resynchronise(key: u32, rand: usize): bool {
	return run(key, rand, changetype<usize>(resynchronisations), 1, changetype<usize>(resynchronised));
}

function run(key: u32, rand: usize, records: usize, count: i32, out: usize): bool {
	const size = count * BLOCK;
	return crypto.aka_encrypt(key, rand, BLOCK, records, count * RECORD, out, size) == size;
}

/** Clears what a run left in this memory. */
export function wipeMilenage(): void {
	memory.fill(changetype<usize>(checks) + 1, 0, BLOCK);
	memory.fill(changetype<usize>(answered), 0, 3 * BLOCK);
	memory.fill(changetype<usize>(checked), 0, BLOCK);
	memory.fill(changetype<usize>(resynchronised), 0, BLOCK);
}
