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

const BLOCK = 16;
const rotations = [64, 0, 32, 64, 96];
const constants = [0, 1, 2, 4, 8];

const xor = (a: Uint8Array, b: Uint8Array): Buffer => Buffer.from(a.map((octet, i) => octet ^ b[i]));

const rotate = (octets: Buffer, bits: number): Buffer =>
	Buffer.concat([octets.subarray(bits / 8), octets.subarray(0, bits / 8)]);

/** MILENAGE for a network, on node:crypto. K, OPc and RAND have 16 octets, SQN 6, AMF 2. */
export function milenage(
	k: Uint8Array,
	opc: Uint8Array,
	rand: Uint8Array,
	sqn: Uint8Array,
	amf: Uint8Array,
): MilenageOutput {
	const encrypt = (block: Uint8Array): Buffer =>
		createCipheriv("aes-128-ecb", k, null).setAutoPadding(false).update(block);
	const temp = encrypt(xor(rand, opc));
	const in1 = Buffer.concat([sqn, amf, sqn, amf]);
	const out = (n: number): Buffer => {
		const mixed = n === 0 ? xor(temp, rotate(xor(in1, opc), rotations[0])) : rotate(xor(temp, opc), rotations[n]);
		mixed[BLOCK - 1] ^= constants[n];
		return xor(encrypt(mixed), opc);
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
