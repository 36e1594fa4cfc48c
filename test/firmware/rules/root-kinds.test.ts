import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import { type Identity, issueLeaf, RootUnsupported, rootFault } from "../../../hil/network/shared/certificates.ts";
import { personalisedFlash } from "../../support/keyed-flash.ts";
import { DirectTre } from "../../support/machine.ts";
import { changeBootstrap, TestOperator } from "../../support/operators.ts";

const folder = mkdtempSync(join(tmpdir(), "roots-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
const openssl = (...args: string[]): void => {
	execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
};

/** A self-signed certificate of openssl's making; `extensions` in place of those of a CA. */
function root(args: readonly string[], extensions = "basicConstraints=critical,CA:TRUE", key?: string): Identity {
	const path = join(folder, String(++made));
	writeFileSync(
		`${path}.cnf`,
		`[req]\ndistinguished_name=d\nx509_extensions=e\n[d]\n[e]\nkeyUsage=keyCertSign\n${extensions}\n`,
	);
	const keyArgs = key === undefined ? ["-nodes", "-keyout", `${path}.key`] : ["-key", key];
	openssl(
		...["req", "-x509", "-outform", "DER", "-out", `${path}.der`, "-subj", "/CN=sho-9.example", "-days", "30"],
		...["-config", `${path}.cnf`, ...keyArgs, ...args],
	);
	const private_ = createPrivateKey(readFileSync(key ?? `${path}.key`));
	return { key: private_, certificate: readFileSync(`${path}.der`) };
}

function pemOf(key: KeyObject): string {
	const path = join(folder, `${++made}.pem`);
	writeFileSync(path, key.export({ type: "pkcs8", format: "pem" }));
	return path;
}

/** A key with a public exponent of that many bits: far too slow to verify with. */
function withExponent(): string {
	const e = (1n << 1024n) + 1n;
	const {
		n,
		d: _d,
		...rest
	} = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
	const number = (text = "") => BigInt(`0x${Buffer.from(text, "base64url").toString("hex")}`);
	const [p, q] = [number(rest.p), number(rest.q)];
	const inverse = (a: bigint, m: bigint): bigint => {
		let [x, y, u, v] = [a % m, m, 1n, 0n];
		while (x !== 0n) {
			const quotient = y / x;
			[y, x] = [x, y % x];
			[v, u] = [u, v - quotient * u];
		}
		return ((v % m) + m) % m;
	};
	const text = (value: bigint) =>
		Buffer.from(
			value
				.toString(16)
				.padStart(2, "0")
				.replace(/^(.(?:..)*)$/, "0$1"),
			"hex",
		).toString("base64url");
	const d = inverse(e, (p - 1n) * (q - 1n));
	const jwk = {
		...{ kty: "RSA", n, e: text(e), d: text(d), p: text(p), q: text(q) },
		...{ dp: text(d % (p - 1n)), dq: text(d % (q - 1n)), qi: text(inverse(q, p)) },
	};
	return pemOf(createPrivateKey({ key: jwk as never, format: "jwk" }));
}

const rsa = ["-newkey", "rsa:2048"];
const curve = (name: string) => ["-newkey", "ec", "-pkeyopt", `ec_paramgen_curve:${name}`];

/** The one rule (docs/documents.md, "CertSHO and CertPVA"): what operators take, every TRE takes, and nothing else. */
describe("CertSHO and CertPVA: operators and TREs give the same answer", () => {
	let delivered: Awaited<ReturnType<typeof personalisedFlash>>;
	beforeAll(async () => {
		delivered = await personalisedFlash();
	});

	/** The name of the TRE's refusal of a change to that root, or "taken". */
	async function atTre({ certificate, key }: Identity): Promise<string> {
		const { image, rootKey, ro, owned } = delivered;
		const flash = new FlashMemory();
		flash.octets.set(image);
		const tre = new DirectTre(flash, rootKey);
		const next = await TestOperator.make("sho-9.example", "ec");
		Object.assign(next, { root: { certificate, key } });
		try {
			tre.call("acceptBootstrap", changeBootstrap({ ...owned }, next, ro));
			return "taken";
		} catch (error) {
			return (error as { code: string }).code;
		}
	}

	test.each<[string, () => Identity]>([
		["RSA of 2048 bits", () => root([...rsa, "-sha256"])],
		["RSA of 3072 bits", () => root(["-newkey", "rsa:3072", "-sha256"])],
		["RSA of 4096 bits", () => root(["-newkey", "rsa:4096", "-sha256"])],
		["P-256", () => root([...curve("P-256"), "-sha256"])],
		["a name in UTF-8", () => root([...rsa, "-sha256", "-utf8", "-subj", "/O=Größe AG/CN=sho-9.example"])],
		["with a path length", () => root([...rsa, "-sha256"], "basicConstraints=critical,CA:TRUE,pathlen:0")],
	])("taken: %s", async (_what, make) => {
		const made = make();
		expect(rootFault(made.certificate)).toBeUndefined();
		expect(await atTre(made)).toBe("taken");
		const leaf = await issueLeaf(made, "leaf.example", ["leaf.example"], "server");
		expect(new X509Certificate(leaf.certificate).verify(new X509Certificate(made.certificate).publicKey)).toBe(true);
	});

	test.each<[string, () => Identity, string, RegExp]>([
		["signed with SHA-384", () => root([...rsa, "-sha384"]), "root-unsupported", /SHA-256/],
		["signed with SHA-1", () => root([...rsa, "-sha1"]), "root-unsupported", /SHA-256/],
		[
			"signed with RSA-PSS",
			() => root([...rsa, "-sha256", "-sigopt", "rsa_padding_mode:pss"]),
			"root-unsupported",
			/SHA-256/,
		],
		[
			"an RSA-PSS key",
			() => root(["-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"]),
			"root-unsupported",
			/rsa-pss/,
		],
		["P-384", () => root([...curve("P-384"), "-sha256"]), "root-unsupported", /secp384r1/],
		["P-521", () => root([...curve("P-521"), "-sha256"]), "root-unsupported", /secp521r1/],
		["Ed25519", () => root(["-newkey", "ed25519"]), "root-unsupported", /ed25519/],
		["RSA of 1024 bits", () => root(["-newkey", "rsa:1024", "-sha256"]), "root-unsupported", /1024 bits/],
		["an exponent of 1,025 bits", () => root(["-sha256"], undefined, withExponent()), "root-unsupported", /exponent/],
		[
			"no CA",
			() => root([...rsa, "-sha256"], "basicConstraints=critical,CA:FALSE"),
			"root-not-ca",
			/no self-signed CA/,
		],
		// CVE-2026-49300: Mbed TLS 3.6.6 reads both as CA:TRUE.
		[
			"basicConstraints of one integer",
			() => root([...rsa, "-sha256"], "2.5.29.19=critical,DER:30:03:02:01:01"),
			"root-not-ca",
			/no self-signed CA/,
		],
		[
			"basicConstraints whose content is outside",
			() => root([...rsa, "-sha256"], "2.5.29.19=critical,DER:30:00:01:01:FF"),
			"root-not-ca",
			/no self-signed CA/,
		],
	])("refused on both sides: %s", async (_what, make, code, fault) => {
		const made = make();
		expect(await atTre(made)).toBe(code);
		expect(rootFault(made.certificate)).toMatch(fault);
		await expect(issueLeaf(made, "leaf.example", ["leaf.example"], "server")).rejects.toThrow(RootUnsupported);
	});
});
