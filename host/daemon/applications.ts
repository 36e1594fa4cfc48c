import type { DmAccount } from "../wire/prov/account.ts";
import { ProvisioningError } from "../wire/prov/document.ts";
import { StateFile } from "./state-file.ts";

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
	readonly #file: StateFile<readonly DmAccount[]>;

	constructor(folder: string) {
		this.#file = new StateFile(folder, "applications.json", (value) => Array.isArray(value));
	}

	get accounts(): readonly DmAccount[] {
		return this.#file.read() ?? [];
	}

	/** Throws where `take` would. */
	check(incoming: readonly DmAccount[]): void {
		rebootstrap(this.accounts, incoming);
	}

	take(incoming: readonly DmAccount[]): Rebootstrapped {
		const result = rebootstrap(this.accounts, incoming);
		this.#file.write(result.accounts);
		return result;
	}
}
