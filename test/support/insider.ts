import { join } from "node:path";
import type { Device, OutgoingChange, Registration } from "../../hil/network/operator/records.ts";
import { fromPem, type Identity, keyFromPem } from "../../hil/network/shared/certificates.ts";
import { postMutualTls } from "../../hil/network/shared/http.ts";
import { type OperatorEntry, rootHash } from "../../hil/network/shared/registry.ts";
import { type Bootstrap, signBootstrap, writeBootstrap } from "../../host/wire/prov/bootstrap.ts";
import { asRequest, type BootstrapRequest } from "./operators.ts";
import { Registers } from "./registers.ts";

/** An operator turned dishonest: a test acts with its real keys and what stands in its registers. */
export class Insider {
	readonly entry: OperatorEntry;
	readonly #registers: Registers;

	constructor(lab: string, entry: OperatorEntry) {
		this.entry = entry;
		this.#registers = new Registers(join(lab, `operator-${entry.shoId}`));
	}

	async #identity(name: string): Promise<Identity> {
		const { key, certificate } = found(this.#registers.get("identity", name));
		return { key: keyFromPem(key), certificate: fromPem(certificate) };
	}

	/** The key of its CertSHO. */
	root(): Promise<Identity> {
		return this.#identity("root");
	}

	get rootHash(): Buffer {
		return rootHash(this.entry.certificate);
	}

	device(treId: string): Device {
		return found(this.#registers.get("device", treId));
	}

	outgoing(treId: string): OutgoingChange {
		return found(this.#registers.get("outgoing", treId));
	}

	registration(treId: string): Registration {
		return found(this.#registers.get("registration", treId));
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
		const identity = await this.#identity("api-client");
		return postMutualTls({ ...to.api, root: to.certificate }, path, body, identity);
	}
}

function found<T>(value: T | undefined): T {
	if (value === undefined) throw new Error("the operator's registers say nothing of that device");
	return value;
}
