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

/** Octet by octet; as long as `a`. */
export const xor = (a: Uint8Array, b: Uint8Array): Buffer => {
	const out = Buffer.allocUnsafe(a.length);
	for (let n = 0; n < a.length; n++) out[n] = (a[n] as number) ^ (b[n] as number);
	return out;
};

/** AES with one key; ECB has no state, so one cipher serves all blocks. */
const encryptWith = (k: Uint8Array): ((blocks: Uint8Array) => Buffer) => {
	const cipher = createCipheriv("aes-128-ecb", k, null).setAutoPadding(false);
	return (blocks) => cipher.update(blocks);
};

/** OPc of an operator's OP and a subscriber's K (TS 35.206 clause 3). */
export const opcOf = (k: Uint8Array, op: Uint8Array): Buffer => xor(encryptWith(k)(op), op);

const FUNCTIONS = 5;

/** The input of OUTn behind TEMP (TS 35.206 clause 4.1): rotated by r octets, with c, and OPc where it has to be. */
function mix(into: Buffer, at: number, x: Uint8Array, opc: Uint8Array, rotation: number, c: Uint8Array): void {
	const octets = rotation / 8;
	for (let n = 0; n < BLOCK; n++) {
		const from = (n + octets) % BLOCK;
		into[at + n] = (x[from] as number) ^ (opc[from] as number) ^ (c[n] as number);
	}
}

/** MILENAGE for a network, on node:crypto. K, OPc and each RAND have 16 octets, SQN 6, AMF 2. */
export function milenage(
	k: Uint8Array,
	opc: Uint8Array,
	rand: Uint8Array,
	sqn: Uint8Array,
	amf: Uint8Array,
	constants: MilenageConstants = standardConstants,
): MilenageOutput {
	return milenages(k, opc, [{ rand, sqn }], amf, constants)[0] as MilenageOutput;
}

/** Several at once for one subscriber: the key schedule is made once. */
export function milenages(
	k: Uint8Array,
	opc: Uint8Array,
	inputs: readonly { readonly rand: Uint8Array; readonly sqn: Uint8Array }[],
	amf: Uint8Array,
	{ r, c }: MilenageConstants = standardConstants,
): MilenageOutput[] {
	const encrypt = encryptWith(k);
	const temps = encrypt(Buffer.concat(inputs.map(({ rand }) => xor(rand, opc))));
	const mixed = Buffer.allocUnsafe(inputs.length * FUNCTIONS * BLOCK);
	for (const [n, { sqn }] of inputs.entries()) {
		const temp = temps.subarray(n * BLOCK, (n + 1) * BLOCK);
		const in1 = Buffer.concat([sqn, amf, sqn, amf]);
		for (let f = 0; f < FUNCTIONS; f++) {
			const at = (n * FUNCTIONS + f) * BLOCK;
			mix(mixed, at, f === 0 ? in1 : temp, opc, r[f] as number, c[f] as Uint8Array);
			// f1 alone has TEMP outside of the rotation.
			if (f === 0) for (let i = 0; i < BLOCK; i++) mixed[at + i] = (mixed[at + i] as number) ^ (temp[i] as number);
		}
	}
	const encrypted = encrypt(mixed);
	return inputs.map((_, n) => {
		const out = (f: number): Buffer => {
			const at = (n * FUNCTIONS + f) * BLOCK;
			return xor(encrypted.subarray(at, at + BLOCK), opc);
		};
		const [out1, out2, out3, out4, out5] = [out(0), out(1), out(2), out(3), out(4)];
		return {
			macA: out1.subarray(0, 8),
			macS: out1.subarray(8),
			res: out2.subarray(8),
			ak: out2.subarray(0, 6),
			ck: out3,
			ik: out4,
			akStar: out5.subarray(0, 6),
		};
	});
}
