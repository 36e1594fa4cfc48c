import { X509Certificate } from "node:crypto";
import { afterEach, describe, test } from "vitest";
import { protect } from "../../../hil/network/operator/provisioning/envelope.ts";
import { writeM2mmcim } from "../../../host/wire/management/objects.ts";
import { changeBootstrap, enveloped, randomOctets } from "../../support/operators.ts";
import { ruleBench } from "../../support/rule-bench.ts";

/** nonceB is the freshness of a first MCIM; K never comes twice; versions rise (G3, G5, G7). */
describe("documents.md, M2MMCIM: once only", () => {
	const bench = ruleBench();
	afterEach(() => bench.goodPath());

	test("an old nonceB: of a superseded and of a withdrawn change, and one that was never drawn", async () => {
		const { tre, owned, sho1 } = bench;
		const { object } = sho1.mcim(owned);
		const answering = (nonceB: Uint8Array) => enveloped(writeM2mmcim(nonceB, object, sho1.root.key));
		await bench.bringTo("requested");
		const superseded = await bench.nonceB();
		await tre.call("acceptBootstrap", bench.change());
		const withdrawn = await bench.nonceB();
		await bench.refused(() => tre.call("acceptMcim", answering(superseded)), "nonce-mismatch");
		await bench.withdraw();
		await bench.bringTo("requested");
		await bench.nonceB();
		for (const old of [superseded, withdrawn, randomOctets(16), Buffer.alloc(0)])
			await bench.refused(() => tre.call("acceptMcim", answering(old)), "nonce-mismatch");
		await bench.withdraw();
	});

	test("G7: a K that this TRE has held before, though its MCIM is gone", async () => {
		const { owned, sho1, tre } = bench;
		const { object } = sho1.mcim(owned);
		await bench.bringTo("requested");
		await tre.call("acceptMcim", enveloped(writeM2mmcim(await bench.nonceB(), object, sho1.root.key)));
		await bench.withdraw();
		await bench.bringTo("requested");
		await bench.mcimRefused(object, "key-reused");
		await bench.withdraw();
	});

	test("a version of a stored object that is not higher", async () => {
		const { owned, ro, tre } = bench;
		// The operator that serves the device renews its own MCIM: same issuer, same id.
		const { activeMcim } = await tre.status();
		await tre.call("acceptBootstrap", changeBootstrap(owned, ro, ro));
		const nonceB = await bench.nonceB();
		const versioned = (version: number) => {
			const publicPart = [
				...[owned.treId, ro.rootHash, Buffer.from(activeMcim), owned.imsi, "milenage", []],
				...[[1, 60, 3], 0, 16, 16],
			];
			const key = new X509Certificate(owned.certEncrypt).publicKey;
			const object = protect({ tag: 3, version, publicPart, secret: randomOctets(32) }, key);
			return enveloped(writeM2mmcim(nonceB, object, ro.root.key));
		};
		await bench.refused(() => tre.call("acceptMcim", versioned(1)), "version-not-higher");
		await tre.call("acceptMcim", versioned(2));
		await bench.withdraw();
	});
});
