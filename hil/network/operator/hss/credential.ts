import type { Subscriber } from "../records.ts";
import { opcOf } from "./milenage.ts";
import type { Credential } from "./vectors.ts";

const octets = (hex: string): Buffer => Buffer.from(hex, "hex");

/** What MILENAGE needs of a subscription: OPc, which follows from K and OP where only that is kept. */
export function credentialOf({ k, opc, op, constants }: Subscriber): Credential {
	const key = octets(k);
	return {
		k: key,
		opc: op === undefined ? octets(opc) : opcOf(key, octets(op)),
		...(constants === undefined ? {} : { constants: { r: constants.r, c: constants.c.map(octets) } }),
	};
}
