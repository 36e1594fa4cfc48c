import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

/** host:port pairs and URLs under which a contracted operator is reached. */
export interface OperatorEntry {
	readonly shoId: string;
	/** PEM of CertSHO. */
	readonly certificate: string;
	/** MCC and MNC of its subscriptions, five or six digits. */
	readonly plmn: string;
	/** host:port of GSUP, for visited networks. */
	readonly gsup: string;
	/** Packet gateway, and the way into the service centre. */
	readonly home: string;
	/** `/health` and `/metrics`. */
	readonly operations: string;
	/** Web portal for subscribers. */
	readonly portal: string;
	readonly dpf: { readonly host: string; readonly address: string };
	/** Operator-to-operator calls, mutual TLS. */
	readonly api: { readonly host: string; readonly address: string };
}

export interface PvaEntry {
	readonly pvaId: string;
	/** PEM of CertPVA. */
	readonly certificate: string;
	readonly api: { readonly host: string; readonly address: string };
}

export interface VnoEntry {
	readonly vnoId: string;
	readonly plmn: string;
	/** host:port of the (simulated) air interface. */
	readonly radio: string;
}

export interface RegistryContent {
	readonly operators: readonly OperatorEntry[];
	readonly pvas: readonly PvaEntry[];
	readonly vnos: readonly VnoEntry[];
}

/**
 * The file that names the contracted parties; read anew at each question, because labs grow. While it cannot be read (it is
 * half written, too many files are open) what was read last counts.
 */
export class Registry {
	readonly #path: string;
	#last: RegistryContent | undefined;

	constructor(path: string) {
		this.#path = path;
	}

	get content(): RegistryContent {
		try {
			const content = JSON.parse(readFileSync(this.#path, "utf8")) as Partial<RegistryContent> | null;
			if (![content?.operators, content?.pvas, content?.vnos].every(Array.isArray))
				throw new TypeError(`${this.#path} is no registry: operators, pvas and vnos are lists in it`);
			this.#last = content as RegistryContent;
		} catch (error) {
			if (!this.#last) throw error;
		}
		return this.#last;
	}

	operator(shoId: string): OperatorEntry | undefined {
		return this.content.operators.find((entry) => entry.shoId === shoId);
	}

	/** The home operator of an IMSI (or PCID, which has the same format). */
	home(imsi: string): OperatorEntry | undefined {
		return this.content.operators.find((entry) => imsi.startsWith(entry.plmn));
	}

	vno(vnoId: string): VnoEntry | undefined {
		return this.content.vnos.find((entry) => entry.vnoId === vnoId);
	}

	pvas(): readonly PvaEntry[] {
		return this.content.pvas;
	}
}

export const rootHash = (certificate: string | Uint8Array): Buffer =>
	createHash("sha256").update(new X509Certificate(certificate).raw).digest();
