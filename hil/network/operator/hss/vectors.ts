import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Tuple } from "../../gsup/message.ts";
import { type MilenageConstants, milenage, milenages, standardConstants, xor } from "./milenage.ts";

/** What AuC and TRE share of a subscription, octets; OPc, not OP. */
export interface Credential {
	readonly k: Uint8Array;
	readonly opc: Uint8Array;
	readonly constants?: MilenageConstants;
}

/** TS 33.102 C.1.2: SQN = SEQ | IND, with 5 bits of IND. */
const IND_BITS = 5n;
const RAND_OCTETS = 16;
const INDICES = 32;
export const MAX_SEQ = 2 ** 43 - 1;
/** The largest step that a card accepts (C.2.1, Δ); what is nearer to the end than that cannot be left again. */
export const DELTA = 2 ** 28;

/** AMF: all zero, or the separation bit for E-UTRAN (TS 33.102 Annex H). */
export const amfOf = (eutran: boolean): Buffer => Buffer.from(eutran ? "8000" : "0000", "hex");

export function sqnOf(seq: number, ind: number): Buffer {
	const octets = Buffer.alloc(8);
	octets.writeBigUInt64BE((BigInt(seq) << IND_BITS) | BigInt(ind % INDICES));
	return octets.subarray(2);
}

/** The GSM vector that follows from a UMTS one (TS 33.102 clause 6.8.1.2, c2 and c3). */
function gsmOf(res: Buffer, ck: Buffer, ik: Buffer): { sres: Buffer; kc: Buffer } {
	const half = (octets: Buffer) => xor(octets.subarray(0, 8), octets.subarray(8));
	return { sres: xor(res.subarray(0, 4), res.subarray(4, 8)), kc: xor(half(ck), half(ik)) };
}

/** Vectors (TS 33.102 clause 6.3.2), one for each SQN; SEQ and IND are the caller's to give once. */
export function makeVectors(
	{ k, opc, constants = standardConstants }: Credential,
	sqns: readonly Uint8Array[],
	amf: Uint8Array,
	rands: Uint8Array = randomBytes(RAND_OCTETS * sqns.length),
): Required<Tuple>[] {
	const inputs = sqns.map((sqn, n) => ({
		sqn,
		rand: Buffer.from(rands.subarray(n * RAND_OCTETS, (n + 1) * RAND_OCTETS)),
	}));
	return milenages(k, opc, inputs, amf, constants).map(({ macA, res, ck, ik, ak }, n) => {
		const { rand, sqn } = inputs[n] as (typeof inputs)[number];
		const autn = Buffer.concat([xor(sqn, ak), amf, macA]);
		return { rand, ...gsmOf(res, ck, ik), ik, ck, autn, res };
	});
}

export const makeVector = (
	credential: Credential,
	sqn: Uint8Array,
	amf: Uint8Array,
	rand?: Uint8Array,
): Required<Tuple> => makeVectors(credential, [sqn], amf, rand)[0] as Required<Tuple>;

/**
 * Resynchronisation (TS 33.102 clause 6.3.5): SEQ_MS out of AUTS, or undefined where MAC-S is wrong, or where it is
 * so near the end that no card would follow.
 */
export function seqOfAuts(
	{ k, opc, constants = standardConstants }: Credential,
	rand: Uint8Array,
	auts: Uint8Array,
): number | undefined {
	if (rand.length !== 16 || auts.length !== 14) return undefined;
	const amf = amfOf(false);
	const { akStar } = milenage(k, opc, rand, Buffer.alloc(6), amf, constants);
	const sqn = xor(auts.subarray(0, 6), akStar);
	const { macS } = milenage(k, opc, rand, sqn, amf, constants);
	if (!timingSafeEqual(macS, auts.subarray(6))) return undefined;
	const seq = Number(BigInt(`0x${sqn.toString("hex")}`) >> IND_BITS);
	return seq > MAX_SEQ - DELTA ? undefined : seq;
}
