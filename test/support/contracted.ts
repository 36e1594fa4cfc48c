import { type Identity, issueLeaf, keyToPem, makeRoot, toPem } from "../../hil/network/shared/certificates.ts";
import type { OperatorEntry } from "../../hil/network/shared/registry.ts";
import { ask, type Reply, type Tls } from "./ask.ts";

/** Nobody listens there. */
export const NOWHERE = "127.0.0.1:9";

/** An operator with a contract that a test plays: it has keys, and no servers but those that the test starts. */
export class Contracted {
	readonly shoId: string;
	readonly root: Identity;
	/** Leaves under its root. */
	readonly client: Identity;
	readonly server: Identity;

	private constructor(shoId: string, root: Identity, client: Identity, server: Identity) {
		this.shoId = shoId;
		this.root = root;
		this.client = client;
		this.server = server;
	}

	static async make(shoId: string): Promise<Contracted> {
		const root = await makeRoot(shoId, "ec");
		const host = `api.${shoId}`;
		const leaves = [await issueLeaf(root, shoId, [host], "client"), await issueLeaf(root, host, [host], "server")];
		return new Contracted(shoId, root, ...(leaves as [Identity, Identity]));
	}

	/** What the registry says of it. */
	entry(plmn: string, api = NOWHERE): OperatorEntry {
		const url = `http://${NOWHERE}`;
		return {
			...{ shoId: this.shoId, certificate: toPem(this.root.certificate), plmn, gsup: NOWHERE },
			...{ home: url, operations: url, portal: url },
			dpf: { host: `dpf.${this.shoId}`, address: NOWHERE },
			api: { host: `api.${this.shoId}`, address: api },
		};
	}

	/** TLS to a server of another party, with this operator's own leaf. */
	tls({ certificate, api }: { readonly certificate: string; readonly api: { readonly host: string } }): Tls {
		return {
			...{ servername: api.host, ca: certificate },
			...{ key: keyToPem(this.client.key), cert: toPem(this.client.certificate) },
		};
	}

	/** Posts to the API of an operator or a PVA. */
	post(to: Pick<OperatorEntry, "certificate" | "api">, path: string, body: string | object): Promise<Reply> {
		const text = typeof body === "string" ? body : JSON.stringify(body);
		return ask(to.api.address, { method: "POST", path, body: text, tls: this.tls(to) });
	}
}
