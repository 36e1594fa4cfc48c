import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DmAccount } from "../wire/prov/account.ts";
import { ProvisioningError } from "../wire/prov/document.ts";

/** Servers that the context of M2M applications has room for. */
export const MAX_APPLICATION_SERVERS = 8;

/** Names of the servers whose account came, and of those whose account another one took the place of. */
export interface Rebootstrapped {
	readonly accounts: readonly DmAccount[];
	readonly added: readonly string[];
	readonly replaced: readonly string[];
}

/**
 * Re-bootstrap of a context, which the text leaves FFS (B.2.3.3; docs/oma-cp.md): an account for a known ServerID
 * takes the place of the one that is there, as a whole, and one for another server is added. All of a bootstrap
 * counts, or none of it.
 */
export function rebootstrap(known: readonly DmAccount[], incoming: readonly DmAccount[]): Rebootstrapped {
	const named = incoming.map(({ serverId }) => serverId);
	if (new Set(named).size < named.length) throw new ProvisioningError("two accounts for one server in one bootstrap");
	const others = known.filter(({ serverId }) => !named.includes(serverId));
	const accounts = [...others, ...incoming];
	if (accounts.length > MAX_APPLICATION_SERVERS)
		throw new ProvisioningError(`no room for more than ${MAX_APPLICATION_SERVERS} servers of M2M applications`);
	const isKnown = (name: string) => known.some(({ serverId }) => serverId === name);
	return { accounts, added: named.filter((name) => !isKnown(name)), replaced: named.filter(isKnown) };
}

/**
 * The context of M2M applications. Its accounts stand in a file of their own, for their owner alone to read, because
 * there are credentials in them; that of MCIM provisioning stands in the TRE.
 */
export class Applications {
	readonly #path: string;

	constructor(folder: string) {
		mkdirSync(folder, { recursive: true, mode: 0o700 });
		this.#path = join(folder, "applications.json");
	}

	get accounts(): readonly DmAccount[] {
		return existsSync(this.#path) ? (JSON.parse(readFileSync(this.#path, "utf8")) as DmAccount[]) : [];
	}

	/** Throws where `take` would. */
	check(incoming: readonly DmAccount[]): void {
		rebootstrap(this.accounts, incoming);
	}

	take(incoming: readonly DmAccount[]): Rebootstrapped {
		const result = rebootstrap(this.accounts, incoming);
		const next = `${this.#path}.new`;
		writeFileSync(next, JSON.stringify(result.accounts, null, 2), { mode: 0o600, flush: true });
		renameSync(next, this.#path);
		return result;
	}
}
