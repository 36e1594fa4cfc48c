import { X509Certificate } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { protect } from "../../hil/network/operator/provisioning/envelope.ts";
import type { TreClient } from "../../host/tre/client.ts";
import { signEnveloped } from "../../host/wire/dsig/signature.ts";
import { writeM2mmcim } from "../../host/wire/management/objects.ts";
import { type Delivered, deliver } from "../support/delivered.ts";
import {
	authenticate,
	changeBootstrap,
	enveloped,
	nonceBOf,
	type Personalised,
	randomOctets,
	type TestOperator,
} from "../support/operators.ts";

/** Rules of documents.md on M2MMCIM and tag 3 (G3), each broken end to end over the terminal device. */
describe("documents.md, M2MMCIM and the protected MCIM", () => {
	let delivered: Delivered | undefined;
	let tre: TreClient;
	let ro: TestOperator;
	let sho1: TestOperator;
	let owned: Personalised;
	let nonceB: Buffer;

	beforeAll(async () => {
		delivered = await deliver();
		({ tre, ro, sho1, owned } = delivered);
	});

	beforeEach(async () => {
		await tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
		nonceB = await nonceBOf(tre, owned);
	});

	/** After each refusal the good path still works. */
	afterEach(async () => {
		const good = sho1.mcim(owned);
		await tre.call("acceptMcim", enveloped(writeM2mmcim(nonceB, good.object, sho1.root.key)));
		expect(await tre.status()).toMatchObject({ state: "installed", pendingImsi: good.imsi });
		await authenticate(tre, ro, owned.imsi);
		await tre.call(
			"acceptBootstrap",
			changeBootstrap(owned, sho1, ro, { kind: "withdraw", naps: [], change: undefined }),
		);
	});

	afterAll(() => delivered?.dispose());

	const refused = async (object: Uint8Array, code: string) => {
		const before = await tre.status();
		const request = enveloped(writeM2mmcim(nonceB, object, sho1.root.key));
		await expect(tre.call("acceptMcim", request)).rejects.toMatchObject({ code });
		expect(await tre.status()).toEqual(before);
	};

	/** An MCIM with some of its public fields, its version or its secret changed. */
	const mcim = (
		changed: Record<number, unknown> = {},
		more: { version?: number; secret?: Buffer; tag?: number } = {},
	) => {
		const fields = [
			owned.treId,
			sho1.rootHash,
			randomOctets(16),
			"001020000000009",
			"milenage",
			[],
			[1, 60, 3],
			0,
			16,
			16,
		];
		const publicPart = fields.map((field, n) => (n in changed ? changed[n] : field));
		const key = new X509Certificate(owned.certEncrypt).publicKey;
		return protect({ tag: 3, version: 1, publicPart, secret: randomOctets(32), ...more }, key);
	};

	test("another TRE_id, another issuer", async () => {
		await refused(mcim({ 0: "f".repeat(32) }), "wrong-tre");
		await refused(mcim({ 1: ro.rootHash }), "root-mismatch");
	});

	test("an algorithm, constants or lengths that the TRE does not have", async () => {
		await refused(mcim({ 4: "tuak" }), "algorithm-unsupported");
		await refused(mcim({ 5: [1] }), "algorithm-unsupported");
		await refused(mcim({ 8: 15 }), "envelope-content");
		await refused(mcim({ 8: 32, 9: 0 }), "envelope-content");
		await refused(mcim({}, { secret: randomOctets(31) }), "envelope-content");
		await refused(mcim({}, { secret: randomOctets(33) }), "envelope-content");
	});

	test("an IMSI, an id, a version or a tag that is none", async () => {
		for (const imsi of ["", "12345", "0010200000000091", "00102000000000a"])
			await refused(mcim({ 3: imsi }), "envelope-content");
		await refused(mcim({ 2: randomOctets(15) }), "envelope-content");
		await refused(mcim({}, { version: 0 }), "envelope-content");
		await refused(mcim({}, { tag: 4 }), "envelope-content");
	});

	test("an envelope damaged at each field", async () => {
		const object = mcim();
		const mac = object.length - 32;
		const places = { suite: 0, wrap: 1, "end of wrap": 256, iv: 257, ciphertext: 273, "last block": mac - 1, mac };
		for (const at of Object.values(places)) {
			const damaged = Buffer.from(object);
			damaged[at] ^= 1;
			// Suite 3 is one that this firmware does not have.
			await refused(damaged, at === 0 ? "envelope-suite" : "envelope-invalid");
		}
		for (const length of [0, 1, 256, 257, mac, object.length - 1])
			await refused(object.subarray(0, length), length === 0 ? "envelope-suite" : "envelope-invalid");
		await refused(Buffer.concat([object, Buffer.alloc(16)]), "envelope-invalid");
	});

	test("a document that is signed but not of the profile", async () => {
		const send = async (text: string) => {
			const request = enveloped(signEnveloped(text, sho1.root.key));
			await expect(tre.call("acceptMcim", request)).rejects.toMatchObject({ code: "document-malformed" });
		};
		const b64 = (octets: Uint8Array): string => Buffer.from(octets).toString("base64");
		const inner = `<NonceB>${b64(nonceB)}</NonceB><ProtectedMCIM>${b64(mcim())}</ProtectedMCIM>`;
		await send(`<M2MMCIM xmlns="urn:x-m2m:tre:2">${inner}</M2MMCIM>`);
		await send(`<M2MMCIM xmlns="urn:x-m2m:tre:1">${inner}<More></More></M2MMCIM>`);
		await send(`<M2MMCIM xmlns="urn:x-m2m:tre:1">${inner.replace("<NonceB>", "<NonceB> ")}</M2MMCIM>`);
		await send(`<M2MMCIM xmlns="urn:x-m2m:tre:1">${inner.replace(/<NonceB>.*<\/NonceB>/, "")}</M2MMCIM>`);
	});
});
