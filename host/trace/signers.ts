import { X509Certificate } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type SignatureForm, verifySignature, type XmlSignature } from "../wire/dsig/signature.ts";

/** Undefined where a file holds none: nothing verifies under it. */
function certificateIn(path: string): X509Certificate | undefined {
	try {
		return new X509Certificate(readFileSync(path));
	} catch {
		return undefined;
	}
}

/** Certificates that lie in a folder, to say under which of them a document verifies. */
export class Signers {
	readonly #certificates: readonly { readonly name: string; readonly certificate: X509Certificate }[];

	/** Without the folder there are none. */
	constructor(folder: string) {
		const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".pem")) : [];
		this.#certificates = names.sort().flatMap((name) => {
			const certificate = certificateIn(join(folder, name));
			return certificate ? [{ name, certificate }] : [];
		});
	}

	/** Algorithm of a signature, and whose it is. */
	saying(form: SignatureForm, document: string, signature: XmlSignature): string {
		const found = this.#certificates.find(({ certificate }) =>
			verifySignature(form, document, signature, certificate.publicKey),
		);
		const under = found ? `verifies under certs/${found.name}` : "verifies under no certificate in certs/";
		return `${signature.algorithm}, ${under}`;
	}
}
