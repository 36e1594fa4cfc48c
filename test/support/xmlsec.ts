import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/*
 * xmlsec1, which we did not write, as a signer and as a verifier.
 */

function inFolder<T>(text: string, work: (path: string) => T): T {
	const folder = mkdtempSync(join(tmpdir(), "xmlsec-"));
	try {
		const path = join(folder, "in.xml");
		writeFileSync(path, text);
		return work(path);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** Fills in the digests and the value of the ds:Signature that stands empty in a document. */
export const xmlsecSign = (template: string, key: string): string =>
	inFolder(template, (path) => {
		execFileSync("xmlsec1", ["--sign", "--privkey-pem", key, "--output", `${path}.out`, path], { stdio: "pipe" });
		return readFileSync(`${path}.out`, "utf8");
	});

/** Does a signature verify by the key of a certificate, whatever key the document names? */
export const xmlsecVerifies = (signed: string, certificate: string): boolean =>
	inFolder(signed, (path) => {
		try {
			execFileSync("xmlsec1", ["--verify", "--pubkey-cert-pem", certificate, path], { stdio: "pipe" });
			return true;
		} catch {
			return false;
		}
	});
