import { join } from "node:path";
import {
	type Device,
	OperatorStore,
	type OutgoingChange,
	type Registration,
} from "../../hil/network/operator/store.ts";
import type { Identity } from "../../hil/network/shared/certificates.ts";
import { postMutualTls } from "../../hil/network/shared/http.ts";
import { keepIdentity } from "../../hil/network/shared/identity.ts";
import { type OperatorEntry, rootHash } from "../../hil/network/shared/registry.ts";
import { type Bootstrap, signBootstrap, writeBootstrap } from "../../host/wire/prov/bootstrap.ts";
import { asRequest, type BootstrapRequest } from "./operators.ts";

const missing = async (): Promise<Identity> => {
	throw new Error("the operator has no such key");
};

/** An operator turned dishonest: a test acts with its real keys and what stands in its registers. */
export class Insider {
	readonly entry: OperatorEntry;
	readonly #store: OperatorStore;

	constructor(lab: string, entry: OperatorEntry) {
		this.entry = entry;
		this.#store = new OperatorStore(join(lab, `operator-${entry.shoId}`));
	}

	close(): void {
		this.#store.close();
	}

	/** The key of its CertSHO. */
	root(): Promise<Identity> {
		return keepIdentity(this.#store.identities, "root", missing);
	}

	get rootHash(): Buffer {
		return rootHash(this.entry.certificate);
	}

	device(treId: string): Device {
		return found(this.#store.devices.get(treId));
	}

	outgoing(treId: string): OutgoingChange {
		return found(this.#store.outgoing.get(treId));
	}

	registration(treId: string): Registration {
		return found(this.#store.registrations.get(treId));
	}

	/** Signs a bootstrap with the device's REIGN and the SERIAL after the highest it has signed. */
	async bootstrap(treId: string, content: Partial<Bootstrap>): Promise<BootstrapRequest> {
		const { reign, serial } = this.device(treId);
		const bootstrap: Bootstrap = {
			kind: "change",
			name: this.entry.shoId,
			treId,
			reign,
			serial: serial + 1,
			naps: [{ napId: "NAP1", name: "nap", apn: "dishonest.example" }],
			...content,
		};
		return asRequest(signBootstrap(writeBootstrap(bootstrap), (await this.root()).key).sent);
	}

	/** Calls another operator as a contracted SHO, by mutual TLS. */
	async call(to: OperatorEntry, path: string, body: object): Promise<object> {
		const identity = await keepIdentity(this.#store.identities, "api-client", missing);
		return postMutualTls({ ...to.api, root: to.certificate }, path, body, identity);
	}
}

function found<T>(value: T | undefined): T {
	if (value === undefined) throw new Error("the operator's registers say nothing of that device");
	return value;
}
