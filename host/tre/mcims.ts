import { MCIM_SLOTS, type McimRole, mcimRoles } from "../../firmware/contract/states.ts";
import type { TreClient } from "./client.ts";

/** A subscription that stands in the TRE's store. */
export interface StoredMcim {
	readonly slot: number;
	readonly role: Exclude<McimRole, "empty">;
	readonly imsi: string;
	/** 16 octets, hex. */
	readonly mcimId: string;
	/** SHA-256 of the issuer's CertSHO, hex. */
	readonly issuer: string;
	readonly version: number;
	/** The host's reference of the network parameters that belong to it, hex; empty where none was bound. */
	readonly parameters: string;
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

/** Every MCIM of the TRE, by slot. None where the TRE has not left its factory. */
export async function readMcims(tre: TreClient): Promise<readonly StoredMcim[]> {
	const found: StoredMcim[] = [];
	if (["blank", "keyed"].includes((await tre.status()).state)) return found;
	for (let slot = 0; slot < MCIM_SLOTS; slot++) {
		const { role, imsi, mcimId, issuer, version, parameters } = await tre.call("mcim", { slot });
		const name = mcimRoles[role];
		if (name === undefined || name === "empty") continue;
		found.push({
			...{ slot, imsi, version, role: name },
			...{ mcimId: hex(mcimId), issuer: hex(issuer), parameters: hex(parameters) },
		});
	}
	return found;
}
