import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { certTreFault, issueCertTre, issueLeaf, makeRoot } from "../../hil/network/shared/certificates.ts";
import { Device } from "../support/device.ts";
import { readFlash, unseal } from "../support/flash-image.ts";
import { DirectTre } from "../support/machine.ts";
import { change, type Personalised, personalise, sha256, TestOperator } from "../support/operators.ts";
import { found } from "../support/secrets.ts";
import { asClient } from "../support/whole-life.ts";

const openssl = (args: string[], input: Uint8Array): string => execFileSync("openssl", args, { input }).toString();

describe("B.2.2.1 Manufacture", () => {
	test("openssl accepts both certificate signing requests; certificates of another key or root are refused", async () => {
		const device = new Device();
		await device.start();
		const tre = await device.open();
		try {
			expect(statSync(device.folder).mode & 0o777).toBe(0o700);
			expect(statSync(join(device.folder, "root.key")).mode & 0o777).toBe(0o600);
			const { treId } = await tre.call("makeKeys", {});
			expect((await tre.call("info", {})).treId).toBe(treId);
			const requests = [0, 1].map(async (usage) => (await tre.call("certificateRequest", { usage })).request);
			const [sign, encrypt] = await Promise.all(requests);
			for (const request of [sign, encrypt]) {
				const text = openssl(["req", "-inform", "DER", "-verify", "-noout", "-text"], request);
				expect(text).toContain(`CN = ${treId}`);
			}
			const spki = openssl(["req", "-inform", "DER", "-pubkey", "-noout"], sign);
			const der = Buffer.from(spki.replace(/-----[^-]+-----|\s/g, ""), "base64");
			expect(sha256(der).subarray(0, 16).toString("hex")).toBe(treId);

			const [pva, other, ro] = await Promise.all(
				["pva", "other", "ro"].map((name) => makeRoot(`${name}.example`, "rsa")),
			);
			const certSign = await issueCertTre(pva, sign, treId, "sign");
			const certEncrypt = await issueCertTre(pva, encrypt, treId, "encrypt");
			const request = { sign: certSign, encrypt: certEncrypt, pva: pva.certificate, sho: ro.certificate };
			const install = (changed: object) => tre.call("installCertificates", { ...request, ...changed });
			await expect(install({ sign: certEncrypt, encrypt: certSign })).rejects.toMatchObject({
				code: "certificate-mismatch",
			});
			await expect(install({ pva: other.certificate })).rejects.toMatchObject({ code: "certificate-mismatch" });
			await expect(install({ sho: certSign })).rejects.toMatchObject({ code: "root-not-ca" });
			await expect(install({ sho: certSign.subarray(1) })).rejects.toMatchObject({ code: "certificate-malformed" });
			await expect(tre.call("lock", {})).rejects.toMatchObject({ code: "certificates-missing" });
			const forged = Buffer.from(ro.certificate);
			forged[forged.length - 1] ^= 1;
			await expect(install({ sho: forged })).rejects.toMatchObject({ code: "root-not-ca" });
			await install({});
			await expect(tre.call("lock", {})).rejects.toMatchObject({ code: "credential-missing" });
			const leaf = await issueLeaf(pva, treId, ["host.example"], "client");
			const root = new X509Certificate(pva.certificate);
			expect(certTreFault(new X509Certificate(leaf.certificate), "sign", treId, root)).toMatch(
				/usage|host name|no CertTRE/,
			);
			expect(certTreFault(new X509Certificate(certSign), "sign", treId, root)).toBeUndefined();
			expect(certTreFault(new X509Certificate(certSign), "encrypt", treId, root)).toBeDefined();
		} finally {
			await tre.close();
			await device.dispose();
		}
	});

	test("an encryption key on P-256: keyAgreement in request and certificate, and no other key's certificate is taken", async () => {
		const tre = new DirectTre();
		expect(() => tre.call("makeKeyPairs", { encryption: 3 })).toThrow(/malformed-request/);
		const { treId } = tre.call("makeKeyPairs", { encryption: 2 });
		expect(tre.call("info", {})).toMatchObject({ treId, suites: "3" });
		const [sign, encrypt] = [0, 1].map((usage) => tre.call("certificateRequest", { usage }).request);
		const text = openssl(["req", "-inform", "DER", "-verify", "-noout", "-text"], encrypt);
		expect(text).toMatch(/ASN1 OID: prime256v1[\s\S]*Key Usage:[\s\S]*Key Agreement/);
		const [pva, ro] = await Promise.all(["pva", "ro"].map((name) => makeRoot(`${name}.example`, "rsa")));
		const [certSign, certEncrypt] = [
			await issueCertTre(pva, sign, treId, "sign"),
			await issueCertTre(pva, encrypt, treId, "encrypt"),
		];
		const shown = openssl(["x509", "-inform", "DER", "-noout", "-text"], certEncrypt);
		expect(shown).toMatch(/X509v3 Key Usage: critical\s+Key Agreement/);
		const root = new X509Certificate(pva.certificate);
		expect(certTreFault(new X509Certificate(certEncrypt), "encrypt", treId, root)).toBeUndefined();
		const request = { sign: certSign, encrypt: certEncrypt, pva: pva.certificate, sho: ro.certificate };
		const other = new DirectTre();
		other.call("makeKeyPairs", { encryption: 2 });
		for (const usage of [0, 1])
			expect(() =>
				tre.call("installCertificates", {
					...request,
					encrypt: usage === 0 ? certSign : other.call("certificateRequest", { usage }).request,
				}),
			).toThrow(/certificate-/);
		tre.call("installCertificates", request);
	});

	test("G1: after a whole life no key octet stands in the memory of tre.wasm, and no plain one in the flash", async () => {
		const direct = new DirectTre();
		// The same calls as over a line; in this process, so that both memories can be searched.
		const tre = asClient(direct);
		const [ro, sho1] = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example")];
		const owned: Personalised = await personalise(tre, await makeRoot("pva.example", "rsa"), ro);
		const before = ro.subscriber(owned.imsi);
		const account = await change(tre, owned, ro, sho1);
		const after = sho1.subscriber(owned.imsi);
		const keys = readFlash(Buffer.from(direct.flash.octets))
			.filter(({ key, octets }) => (key === 3 || key === 4) && octets.length > 0)
			.map(({ octets }) => unseal(direct.rootKey, octets));
		const secrets = [
			...[before, after].flatMap(({ imsi, k, opc }) => [
				{ name: `K ${imsi}`, octets: Buffer.from(k, "hex") },
				{ name: `OPc ${imsi}`, octets: Buffer.from(opc, "hex") },
			]),
			{ name: "client password", octets: Buffer.from(account.clientPassword) },
			{ name: "server password", octets: Buffer.from(account.serverPassword) },
			// From inside a DER private key: octets of the modulus' factors and exponents.
			...keys.flatMap((der, n) =>
				[300, 560, 700, 850].map((at) => ({ name: `key ${n} at ${at}`, octets: der.subarray(at, at + 24) })),
			),
		];
		expect(secrets).toHaveLength(14);
		const { tre: memory } = direct.machine.memories();
		expect(memory.length).toBe(65_536);
		expect(found(secrets, Buffer.from(memory))).toEqual([]);
		expect(found(secrets, Buffer.from(direct.flash.octets))).toEqual([]);
	});
});
