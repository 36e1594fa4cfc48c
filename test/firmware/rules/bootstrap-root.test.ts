import { createHash } from "node:crypto";
import { afterEach, describe, test } from "vitest";
import { issueLeaf } from "../../../hil/network/shared/certificates.ts";
import { TestOperator } from "../../support/operators.ts";
import { ruleBench } from "../../support/rule-bench.ts";

/** G2: a root is installed only if the protected DM account, which the new SHO made, names it. */
describe("documents.md, Bootstrap: the root that it brings", () => {
	const bench = ruleBench();
	afterEach(() => bench.goodPath());

	const withRoot = (certificate: Uint8Array, account: Uint8Array) =>
		bench.change({ change: { provUrl: "https://dpf.sho-1.example/dm", certificate, account, fallback: "off" } });

	test("a root that the DM account does not name: the account of another SHO, the root of another SHO", async () => {
		const { owned, ro, sho1 } = bench;
		const sho2 = await TestOperator.make("sho-2.example", "ec");
		await bench.bootstrapRefused(withRoot(sho1.root.certificate, sho2.account(owned).object), "root-mismatch");
		await bench.bootstrapRefused(withRoot(ro.root.certificate, sho1.account(owned).object), "root-mismatch");
		const twin = await TestOperator.make("sho-1.example");
		await bench.bootstrapRefused(withRoot(twin.root.certificate, sho1.account(owned).object), "root-mismatch");
	});

	test("a thumbprint that is not the certificate's; one in lower case, or too short", async () => {
		const thumbprint = createHash("sha1").update(bench.sho1.root.certificate).digest("hex").toUpperCase();
		const other = thumbprint.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
		const edited = (value: string) => bench.edited((text) => text.replace(thumbprint, value));
		await bench.bootstrapRefused(edited(other), "thumbprint-mismatch");
		for (const value of [thumbprint.toLowerCase(), thumbprint.slice(2), `${thumbprint}00`])
			await bench.bootstrapRefused(edited(value), "document-malformed");
	});

	const store = /<characteristic type="CertificateStore">.*?(<\/characteristic>){4}/;
	const hash = () => createHash("sha256").update(bench.sho1.root.certificate).digest("hex");
	const vendor = (parms: string) =>
		`<characteristic type="VENDORCONFIG"><parm name="NAME" value="ROOT"></parm>${parms}</characteristic>`;
	const encoded = () =>
		`<parm name="CERT" value="${Buffer.from(bench.sho1.root.certificate).toString("base64")}"></parm>`;

	test.each<[string, (text: string) => string]>([
		["none at all", (text) => text.replace(store, "")],
		[
			"a key hash in PROVURL",
			(text) => text.replace(store, "").replace(/(name="PROVURL" value="[^"]*)/, `$1#sha256=${hash()}`),
		],
		["a VENDORCONFIG with the certificate", (text) => text.replace(store, vendor(encoded()))],
		[
			"a VENDORCONFIG with its hash",
			(text) => text.replace(store, vendor(`<parm name="HASH" value="${hash()}"></parm>`)),
		],
	])("B.2.3.3, other carriers of the root: %s", async (_what, edit) => {
		await bench.bootstrapRefused(bench.edited(edit), "root-carrier");
	});

	test("two carriers at once: one more VENDORCONFIG beside the CertificateStore, before it or behind", async () => {
		for (const order of ["before", "behind"] as const)
			await bench.bootstrapRefused(
				bench.edited((text) =>
					text.replace(store, (found) =>
						order === "before" ? `${vendor(encoded())}${found}` : `${found}${vendor(encoded())}`,
					),
				),
				"document-malformed",
			);
	});

	test("a certificate that is no self-signed CA", async () => {
		const { owned, sho1 } = bench;
		const account = sho1.account(owned).object;
		const leaf = await issueLeaf(sho1.root, "sho-1.example", ["sho-1.example"], "server");
		await bench.bootstrapRefused(withRoot(leaf.certificate, account), "root-not-ca");
		const damaged = Buffer.from(sho1.root.certificate);
		damaged[damaged.length - 1] ^= 1;
		await bench.bootstrapRefused(withRoot(damaged, account), "root-not-ca");
		await bench.bootstrapRefused(withRoot(Buffer.from("no certificate"), account), "root-not-ca");
	});
});
