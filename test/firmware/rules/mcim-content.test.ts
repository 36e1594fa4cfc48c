import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, test } from "vitest";
import { MAX_TRIAL_BOOTS, MAX_TRIAL_SECONDS } from "../../../firmware/contract/states.ts";
import { protect } from "../../../hil/network/operator/provisioning/envelope.ts";
import { randomOctets } from "../../support/operators.ts";
import { ruleBench } from "../../support/rule-bench.ts";

describe("documents.md, protected data with tag 3: what the MCIM must say", () => {
	const bench = ruleBench();
	beforeAll(() => bench.bringTo("requested"));
	afterAll(async () => {
		await bench.withdraw();
		await bench.goodPath();
	});

	/** An MCIM with some of its public fields, its version or its secret changed. */
	const mcim = (
		changed: Record<number, unknown> = {},
		more: { version?: number; secret?: Buffer; tag?: number } = {},
	) => {
		const { owned, sho1 } = bench;
		const fields = [
			...[owned.treId, sho1.rootHash, randomOctets(16), "001020000000009", "milenage", []],
			...[[1, 60, 3], 0, 16, 16],
		];
		const publicPart = fields.map((field, n) => (n in changed ? changed[n] : field));
		const key = new X509Certificate(owned.certEncrypt).publicKey;
		return protect({ tag: 3, version: 1, publicPart, secret: randomOctets(32), ...more }, key);
	};

	test("another TRE_id", () => bench.mcimRefused(mcim({ 0: "f".repeat(32) }), "wrong-tre"));

	test("another issuer root: the current SHO's, and zeros", async () => {
		await bench.mcimRefused(mcim({ 1: bench.ro.rootHash }), "root-mismatch");
		await bench.mcimRefused(mcim({ 1: Buffer.alloc(32) }), "root-mismatch");
	});

	test("an algorithm, constants or lengths that the TRE does not have", async () => {
		await bench.mcimRefused(mcim({ 4: "tuak" }), "algorithm-unsupported");
		await bench.mcimRefused(mcim({ 5: [1] }), "algorithm-unsupported");
		await bench.mcimRefused(mcim({ 8: 15 }), "envelope-content");
		await bench.mcimRefused(mcim({ 8: 32, 9: 0 }), "envelope-content");
		for (const size of [31, 33]) await bench.mcimRefused(mcim({}, { secret: randomOctets(size) }), "envelope-content");
	});

	test("NOTE Y: a trial that is longer than any may be, in seconds or in boots", async () => {
		await bench.mcimRefused(mcim({ 6: [1, MAX_TRIAL_SECONDS + 1, 3] }), "fallback-bounds");
		await bench.mcimRefused(mcim({ 6: [1, 60, MAX_TRIAL_BOOTS + 1] }), "fallback-bounds");
	});

	test("an IMSI, an id, a fallback, a version or a tag that is none", async () => {
		for (const imsi of ["", "12345", "0010200000000091", "00102000000000a"])
			await bench.mcimRefused(mcim({ 3: imsi }), "envelope-content");
		await bench.mcimRefused(mcim({ 2: randomOctets(15) }), "envelope-content");
		await bench.mcimRefused(mcim({ 6: [2, 60, 3] }), "envelope-content");
		await bench.mcimRefused(mcim({}, { version: 0 }), "envelope-content");
		await bench.mcimRefused(mcim({}, { tag: 4 }), "envelope-content");
	});
});
