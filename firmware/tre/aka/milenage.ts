import * as crypto from "../platform/crypto";

/*
 * MILENAGE (TS 35.206) around a key that stays on the crypto side, as do OPc and TEMP. That side
 * computes E_K(rot(TEMP xor OPc, r) xor x) xor OPc; which r, which constants, and what IN1 is, is
 * decided here.
 */
const BLOCK: i32 = 16;
const RECORD: i32 = 17;
/** OUT1 takes TEMP unrotated: only IN1 and OPc turn. */
const TEMP_AS_IS: u8 = 0x80;

/** r1..r5 in bits and the last octets of c1..c5, TS 35.206 clause 4.1. */
const R1: u8 = 64;
const R2: u8 = 0;
const R3: u8 = 32;
const R4: u8 = 64;
const R5: u8 = 96;
const C2: u8 = 1;
const C3: u8 = 2;
const C4: u8 = 4;
const C5: u8 = 8;

const input = new Uint8Array(3 * RECORD);
const output = new Uint8Array(3 * BLOCK);

/** f1 and f1*, f2 and f5, f3, f4 and f5* of one RAND. */
export class Milenage {
	private failed: bool = false;

	constructor(
		private key: u32,
		private rand: Uint8Array,
	) {}

	ok(): bool {
		return !this.failed;
	}

	/** f2, f3, f4 and f5 (OUT2 to OUT4): res 8, ck 16, ik 16, ak 6 octets. */
	answer(res: Uint8Array, ck: Uint8Array, ik: Uint8Array, ak: Uint8Array): void {
		constant(0, R2, C2);
		constant(1, R3, C3);
		constant(2, R4, C4);
		this.run(3);
		const at = output.dataStart;
		memory.copy(ak.dataStart, at, 6);
		memory.copy(res.dataStart, at + 8, 8);
		memory.copy(ck.dataStart, at + BLOCK, BLOCK);
		memory.copy(ik.dataStart, at + 2 * BLOCK, BLOCK);
	}

	/** OUT1 over SQN and AMF into `out`: f1 (MAC-A) in octets 0 to 7, f1* (MAC-S) in 8 to 15. */
	mac(sqn: Uint8Array, amf: Uint8Array, out: Uint8Array): void {
		input[0] = R1 | TEMP_AS_IS;
		// IN1 is SQN | AMF twice, so its rotation by r1 is IN1 itself; c1 is zero.
		for (let i = 0; i < BLOCK; i++) {
			const at = i & 7;
			input[1 + i] = at < 6 ? sqn[at] : amf[at - 6];
		}
		this.run(1);
		memory.copy(out.dataStart, output.dataStart, BLOCK);
	}

	/** f5*: AK for resynchronisation, 6 octets into `out`. */
	resyncKey(out: Uint8Array): void {
		constant(0, R5, C5);
		this.run(1);
		memory.copy(out.dataStart, output.dataStart, 6);
	}

	private run(records: i32): void {
		const size = records * BLOCK;
		const from = this.rand;
		const done = crypto.aka_encrypt(
			this.key,
			from.dataStart,
			from.length,
			input.dataStart,
			records * RECORD,
			output.dataStart,
			size,
		);
		if (done != size) this.failed = true;
	}
}

/** Record n asks for the output with rotation r and constant c. */
function constant(n: i32, r: u8, c: u8): void {
	const at = n * RECORD;
	memory.fill(input.dataStart + at, 0, RECORD);
	input[at] = r;
	input[at + BLOCK] = c;
}

/** Clears what a run left in this memory. */
export function wipeMilenage(): void {
	memory.fill(input.dataStart, 0, input.length);
	memory.fill(output.dataStart, 0, output.length);
}
