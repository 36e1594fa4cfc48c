import { createHash } from "node:crypto";
import { mcimRoles, type ServingRole } from "../../firmware/contract/states.ts";
import type { TreClient } from "../tre/client.ts";
import { readMcims } from "../tre/mcims.ts";
import type { Nap } from "../wire/prov/bootstrap.ts";
import type { Memory } from "./memory.ts";

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

const referenceOf = ({ napId, name, apn }: Nap): Buffer =>
	createHash("sha256")
		.update(JSON.stringify([napId, name, apn]))
		.digest();

/**
 * Network parameters stand in this host's file, and in the TRE, beside each MCIM, a reference to those that
 * belong to it: so they come, revert and go together with the MCIM, in the TRE's own transactions (NOTE Y).
 */
export class NetworkParameters {
	readonly #tre: TreClient;
	readonly #memory: Memory;

	constructor(tre: TreClient, memory: Memory) {
		this.#tre = tre;
		this.#memory = memory;
	}

	/** Kept first, bound then: a restart in between finds the old binding and both parameters. */
	async bind(role: ServingRole, nap: Nap): Promise<void> {
		const reference = referenceOf(nap);
		const { naps } = this.#memory.content;
		this.#memory.update({ naps: { ...naps, [hex(reference)]: nap } });
		await this.#tre.call("bindParameters", { role: mcimRoles.indexOf(role), reference });
		const bound = (await readMcims(this.#tre)).map(({ parameters }) => parameters);
		const kept = Object.entries(this.#memory.content.naps).filter(([key]) => bound.includes(key));
		this.#memory.update({ naps: Object.fromEntries(kept) });
	}

	/** Undefined where none were bound to the MCIM, or where this host has lost them. */
	async of(role: ServingRole): Promise<Nap | undefined> {
		const mcim = (await readMcims(this.#tre)).find((one) => one.role === role);
		return mcim && this.#memory.content.naps[mcim.parameters];
	}
}
