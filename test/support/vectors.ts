import { randomBytes } from "node:crypto";
import { milenage } from "../../hil/network/operator/hss/milenage.ts";

/** SQN, AMF and the credential that a vector is made of; K and OPc as octets or in hex. */
export interface VectorParts {
	readonly k: Uint8Array | string;
	readonly opc: Uint8Array | string;
	readonly seq: number | bigint;
	/** 0 … 31. */
	readonly ind?: number;
	/** With the separation bit for EPS. */
	readonly separation?: boolean;
}

const octets = (value: Uint8Array | string): Uint8Array =>
	typeof value === "string" ? Buffer.from(value, "hex") : value;

/** A vector whose SQN is of the test's choice (TS 33.102 clause 6.3.2), and the RES that it expects. */
export function vectorOf({ k, opc, seq, ind = 1, separation = false }: VectorParts) {
	const sqn = Buffer.alloc(8);
	sqn.writeBigUInt64BE((BigInt(seq) << 5n) | BigInt(ind));
	const [rand, amf] = [randomBytes(16), Buffer.from(separation ? "8000" : "0000", "hex")];
	const out = milenage(octets(k), octets(opc), rand, sqn.subarray(2), amf);
	const concealed = Buffer.from(sqn.subarray(2).map((octet, n) => octet ^ (out.ak[n] as number)));
	return { request: { rand, autn: Buffer.concat([concealed, amf, out.macA]) }, xres: out.res };
}
