import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Certificates as other tools write them, with what ours never have in them. */
export function strangeCertificates(): Uint8Array[] {
	const folder = mkdtempSync(join(tmpdir(), "tre-fuzz-"));
	const der = join(folder, "one.der");
	const kinds = [
		[
			"-newkey",
			"rsa:2048",
			"-subj",
			"/C=XX/O=Some/OU=thing/CN=a",
			"-addext",
			"subjectAltName=DNS:a.example,IP:10.0.0.1,URI:urn:x,email:a@b.example",
		],
		["-newkey", "rsa:2048", "-subj", "/CN=pss", "-sigopt", "rsa_padding_mode:pss", "-sha256"],
		[
			"-newkey",
			"ec",
			"-pkeyopt",
			"ec_paramgen_curve:P-256",
			"-subj",
			"/CN=ec",
			"-addext",
			"certificatePolicies=1.2.3.4,2.5.29.32.0",
		],
		["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-subj", "/CN=other-curve", "-days", "20000"],
		["-newkey", "ed25519", "-subj", "/CN=ed"],
		["-newkey", "rsa:1024", "-subj", "/", "-sha1", "-addext", "extendedKeyUsage=serverAuth,1.3.6.1.3.33812.1"],
		[
			"-newkey",
			"ec",
			"-pkeyopt",
			"ec_paramgen_curve:P-256",
			"-subj",
			"/CN=ns",
			"-addext",
			"nsCertType=client,sslCA",
			"-addext",
			"1.2.3.4=critical,ASN1:UTF8String:x",
		],
		[
			"-newkey",
			"ec",
			"-pkeyopt",
			"ec_paramgen_curve:P-256",
			"-subj",
			"/CN=names",
			"-addext",
			"subjectAltName=dirName:dir,otherName:1.2.3.4;UTF8:x",
			"-config",
			writeDirectory(folder),
		],
	];
	try {
		return kinds.map((args) => {
			execFileSync(
				"openssl",
				["req", "-x509", "-nodes", "-keyout", join(folder, "key"), "-outform", "DER", "-out", der, ...args],
				{
					stdio: "pipe",
				},
			);
			return readFileSync(der);
		});
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function writeDirectory(folder: string): string {
	const path = join(folder, "openssl.cnf");
	writeFileSync(path, "[req]\ndistinguished_name=d\n[d]\n[dir]\nCN=inside\n");
	return path;
}
