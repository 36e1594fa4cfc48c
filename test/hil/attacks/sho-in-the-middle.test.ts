import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prepareAccount } from "../../../hil/network/operator/provisioning/objects.ts";
import { signEnveloped, splitEnveloped } from "../../../host/wire/dsig/signature.ts";
import { writeM2mmcim } from "../../../host/wire/management/objects.ts";
import { nodes } from "../../../host/wire/syncml/message.ts";
import { readFlash, unseal } from "../../support/flash-image.ts";
import { HostileHost, shown } from "../../support/hostile-host.ts";
import { enveloped, sha256 } from "../../support/operators.ts";

const SIGN_KEY = 3;

/**
 * The issuer's root hash in the MCIM stops an old SHO from passing the genuine MCIM through under its own
 * root; the hash in M2MMobj refuses it earlier; AccountHash stops an account swap (documents.md).
 */
describe("the old SHO proxies the session to the real DPF under a root of its own, and re-signs the answer", () => {
	const host = new HostileHost();

	beforeAll(async () => {
		await host.start();
		await host.register("sho-1.example");
	});
	afterAll(() => host.stop());

	test("its bootstrap with the new SHO's account and its own root and address is refused by the TRE", async () => {
		const genuine = await host.intercept("change");
		const ro = host.insider("ro.example");
		const { certificate } = await ro.root();
		const account = Buffer.from(ro.outgoing(host.treId).account, "base64");
		const change = { provUrl: "https://dpf.ro.example/dm", certificate, account, fallback: "off" as const };
		const before = await host.tre.status();
		await expect(host.tre.call("acceptBootstrap", await ro.bootstrap(host.treId, { change }))).rejects.toMatchObject({
			code: "root-mismatch",
		});
		expect(await host.tre.status()).toEqual(before);
		await host.tre.call("acceptBootstrap", genuine);
	});

	/** What no TRE would sign: to see that the DPF refuses on its own, the test takes the key out of the flash. */
	const resigned = async (edit: (document: string) => string) => {
		const sealed = readFlash(host.device.flash()).findLast(({ key, octets }) => key === SIGN_KEY && octets.length > 0);
		const rootKey = readFileSync(join(host.device.folder, "root.key"));
		const der = unseal(rootKey, sealed?.octets ?? Buffer.alloc(0));
		const key = createPrivateKey({ key: der, format: "der", type: "pkcs1" });
		const genuine = (await host.tre.call("provisioningRequest", {})).document;
		const { document } = splitEnveloped(Buffer.from(genuine).toString("utf8"));
		return shown(nodes.m2mm, Buffer.from(signEnveloped(edit(document), key)));
	};

	test("the DPF on its own: an M2MMobj with another root or another account, though signed by the TRE's key", async () => {
		const ro = host.insider("ro.example");
		const rootHash = ro.rootHash.toString("base64");
		const other = (name: string, value: string) => (document: string) =>
			document.replace(new RegExp(`<${name}>[^<]*</${name}>`), `<${name}>${value}</${name}>`);
		for (const edit of [
			other("RootHash", rootHash),
			other("AccountHash", sha256(Buffer.from("an account of its own")).toString("base64")),
			other("NonceA", Buffer.alloc(16).toString("base64")),
		]) {
			await expect(host.collect("sho-1.example", await resigned(edit))).rejects.toThrow(/refuses/);
			expect(await host.change()).toBe("registered");
		}
		expect(await host.collect("sho-1.example", await resigned((document) => document))).toContain("<M2MMCIM ");
	});

	test("the TRE on its own: the genuine MCIM, re-signed under the old SHO's root that is pending", async () => {
		const ro = host.insider("ro.example");
		const sho1 = host.insider("sho-1.example");
		const genuine = Buffer.from(sho1.registration(host.treId).protectedMcim, "base64");
		const root = await ro.root();
		const encrypt = Buffer.from(ro.device(host.treId).certEncrypt, "base64");
		const account = prepareAccount(host.treId, encrypt, ro.rootHash, "ro.example").object;
		const change = {
			provUrl: "https://dpf.ro.example/dm",
			certificate: root.certificate,
			account,
			fallback: "off" as const,
		};
		await host.tre.call("acceptBootstrap", await ro.bootstrap(host.treId, { change }));
		await host.tre.call("provisioningRequest", {});
		const before = await host.tre.status();
		const request = enveloped(writeM2mmcim(before.nonceB, genuine, root.key));
		await expect(host.tre.call("acceptMcim", request)).rejects.toMatchObject({ code: "root-mismatch" });
		expect(await host.tre.status()).toEqual(before);
		expect((await host.believed()).servedBy).toBe("ro.example");
	});
});
