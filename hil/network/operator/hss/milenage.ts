import { createCipheriv } from "node:crypto";

/** Outputs of f1 to f5* (TS 35.206) for one RAND, SQN and AMF. */
export interface MilenageOutput {
	readonly macA: Buffer;
	readonly macS: Buffer;
	readonly res: Buffer;
	readonly ck: Buffer;
	readonly ik: Buffer;
	readonly ak: Buffer;
	readonly akStar: Buffer;
}

/** r1 to r5 in bits, multiples of 8, and c1 to c5, 16 octets each (TS 35.206 clause 4.1). */
export interface MilenageConstants {
	readonly r: readonly number[];
	readonly c: readonly Uint8Array[];
}

const BLOCK = 16;
const last = (value: number): Buffer => Buffer.concat([Buffer.alloc(BLOCK - 1), Buffer.of(value)]);

export const standardConstants: MilenageConstants = { r: [64, 0, 32, 64, 96], c: [0, 1, 2, 4, 8].map(last) };

const xor = (a: Uint8Array, b: Uint8Array): Buffer => Buffer.from(a.map((octet, i) => octet ^ b[i]));

const rotate = (octets: Buffer, bits: number): Buffer =>
	Buffer.concat([octets.subarray(bits / 8), octets.subarray(0, bits / 8)]);

const encryptWith =
	(k: Uint8Array) =>
	(block: Uint8Array): Buffer =>
		createCipheriv("aes-128-ecb", k, null).setAutoPadding(false).update(block);

/** OPc of an operator's OP and a subscriber's K (TS 35.206 clause 3). */
export const opcOf = (k: Uint8Array, op: Uint8Array): Buffer => xor(encryptWith(k)(op), op);

/** MILENAGE for a network, on node:crypto. K, OPc and RAND have 16 octets, SQN 6, AMF 2. */
export function milenage(
	k: Uint8Array,
	opc: Uint8Array,
	rand: Uint8Array,
	sqn: Uint8Array,
	amf: Uint8Array,
	{ r, c }: MilenageConstants = standardConstants,
): MilenageOutput {
	const encrypt = encryptWith(k);
	const temp = encrypt(xor(rand, opc));
	const in1 = Buffer.concat([sqn, amf, sqn, amf]);
	const out = (n: number): Buffer => {
		const rotated = rotate(xor(n === 0 ? in1 : temp, opc), r[n] as number);
		const mixed = n === 0 ? xor(temp, rotated) : rotated;
		return xor(encrypt(xor(mixed, c[n] as Uint8Array)), opc);
	};
	const [out1, out2, out3, out4, out5] = [0, 1, 2, 3, 4].map(out);
	return {
		macA: out1.subarray(0, 8),
		macS: out1.subarray(8),
		res: out2.subarray(8),
		ak: out2.subarray(0, 6),
		ck: out3,
		ik: out4,
		akStar: out5.subarray(0, 6),
	};
}
