import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Vector } from "../../shared/home.ts";
import type { Subscriber } from "../store.ts";
import { milenage } from "./milenage.ts";

const IND_BITS = 5n;
/** IND of the one pool of vectors that is handed out (TS 33.102 C.1.1.3). */
const IND = 1n;
const AMF = Buffer.alloc(2);
const MAX_SEQ = 2 ** 43 - 1;

const sqnOf = (seq: number): Buffer => {
	const octets = Buffer.alloc(8);
	octets.writeBigUInt64BE((BigInt(seq) << IND_BITS) | IND);
	return octets.subarray(2);
};

const xor = (a: Uint8Array, b: Uint8Array): Buffer => Buffer.from(a.map((octet, i) => octet ^ b[i]));

/** The vector of the SEQ after the subscriber's last; the caller stores that SEQ first. */
export function nextVector(subscriber: Subscriber): { vector: Vector; seq: number } {
	const seq = subscriber.seq + 1;
	if (seq > MAX_SEQ) throw new Error("the sequence numbers of this subscription are used up");
	const rand = randomBytes(16);
	const sqn = sqnOf(seq);
	const output = milenage(Buffer.from(subscriber.k, "hex"), Buffer.from(subscriber.opc, "hex"), rand, sqn, AMF);
	const autn = Buffer.concat([xor(sqn, output.ak), AMF, output.macA]);
	const vector = {
		rand: rand.toString("hex"),
		xres: output.res.toString("hex"),
		ck: output.ck.toString("hex"),
		ik: output.ik.toString("hex"),
		autn: autn.toString("hex"),
	};
	return { vector, seq };
}

/**
 * Resynchronisation (TS 33.102 clause 6.3.5): the SEQ to go on from, never lower than the stored
 * one, or undefined where MAC-S is wrong.
 */
export function resynchronise(subscriber: Subscriber, rand: Buffer, auts: Buffer): number | undefined {
	if (rand.length !== 16 || auts.length !== 14) return undefined;
	const [k, opc] = [Buffer.from(subscriber.k, "hex"), Buffer.from(subscriber.opc, "hex")];
	const { akStar } = milenage(k, opc, rand, Buffer.alloc(6), AMF);
	const sqn = xor(auts.subarray(0, 6), akStar);
	const { macS } = milenage(k, opc, rand, sqn, AMF);
	if (!timingSafeEqual(macS, auts.subarray(6))) return undefined;
	const seqMs = Number(BigInt(`0x${sqn.toString("hex")}`) >> IND_BITS);
	return Math.max(seqMs, subscriber.seq);
}
