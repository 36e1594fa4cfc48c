import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromPem, issueCertTre, issueLeaf, makeRoot } from "../../../hil/network/shared/certificates.ts";
import { postJson } from "../../../hil/network/shared/http.ts";
import { Device } from "../../support/device.ts";
import { HostileHost } from "../../support/hostile-host.ts";

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString("base64");

/** CertTRE: its key usage, its extended key usage, no host name; every verifier checks (documents.md). */
describe("a TLS leaf, though issued under CertPVA, is presented as CertTRE", () => {
	const host = new HostileHost();

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	test("at the portal: the factory station's own TLS leaf, and the sign and encrypt certificates swapped or of two TREs", async () => {
		const { treId, certSign, certEncrypt, shoId, codes } = host.note();
		const station = base64(fromPem(readFileSync(join(host.lab, "pva", "station.pem"), "utf8")));
		const wrong = [
			{ certSign: station, certEncrypt },
			{ certSign, certEncrypt: station },
			{ certSign: certEncrypt, certEncrypt: certSign },
			{ treId: randomBytes(16).toString("hex"), certSign, certEncrypt },
		];
		for (const certificates of wrong) {
			const body = { treId, shoId, releaseCode: codes["ro.example"], nextRelease: "0".repeat(64), ...certificates };
			await expect(postJson(`${host.operator("sho-1.example").portal}/subscriptions`, body)).rejects.toMatchObject({
				code: "cert-tre",
			});
		}
		await host.register("sho-1.example");
	});

	test("at the TRE: a leaf for TLS with the TRE's own key and name, under the right PVA", async () => {
		const device = Device.keyed();
		await device.start();
		const tre = await device.open();
		try {
			const pva = await makeRoot("pva.example", "rsa");
			const sho = (await makeRoot("ro.example", "rsa")).certificate;
			const { treId } = await tre.call("info", {});
			const genuine = async (usage: 0 | 1) =>
				issueCertTre(
					pva,
					(await tre.call("certificateRequest", { usage })).request,
					treId,
					usage === 0 ? "sign" : "encrypt",
				);
			const [sign, encrypt] = [await genuine(0), await genuine(1)];
			const leaf = (await issueLeaf(pva, treId, [`${treId}.example`], "client")).certificate;
			for (const wrong of [{ sign: leaf }, { encrypt: leaf }, { sign: encrypt, encrypt: sign }]) {
				await expect(
					tre.call("installCertificates", { sign, encrypt, pva: pva.certificate, sho, ...wrong }),
				).rejects.toMatchObject({ code: "certificate-mismatch" });
			}
			await tre.call("installCertificates", { sign, encrypt, pva: pva.certificate, sho });
		} finally {
			await tre.close();
			await device.dispose();
		}
	});
});
