import { afterEach, describe, expect, test } from "vitest";
import { authenticate, change, changeBootstrap, TestOperator } from "../../support/operators.ts";
import { ruleBench } from "../../support/rule-bench.ts";

/** G2: a bootstrap counts under the signature of the current SHO, and of nobody else. */
describe("documents.md, Bootstrap: who may sign", () => {
	const bench = ruleBench();
	afterEach(() => authenticate(bench.tre, bench.ro, bench.owned.imsi));

	test("the SHO that wants the device, a stranger, the RO's name with another key", async () => {
		const { owned, sho1 } = bench;
		for (const signer of [
			sho1,
			await TestOperator.make("stranger.example"),
			await TestOperator.make("ro.example", "ec"),
		])
			await bench.bootstrapRefused(changeBootstrap(owned, sho1, signer), "signature-invalid");
		await bench.goodPath();
	});

	test("one octet of the document or of the signature changed; an algorithm that is none or the other one", async () => {
		const good = bench.change();
		for (const at of [0, 100, good.document.length - 1]) {
			const document = Buffer.from(good.document);
			document[at] ^= 1;
			await bench.bootstrapRefused({ ...good, document }, "signature-invalid");
		}
		for (const at of [0, good.signature.length - 1]) {
			const signature = Buffer.from(good.signature);
			signature[at] ^= 1;
			await bench.bootstrapRefused({ ...good, signature }, "signature-invalid");
		}
		await bench.bootstrapRefused({ ...good, signature: good.signature.subarray(1) }, "signature-invalid");
		await bench.bootstrapRefused({ ...good, signature: Buffer.alloc(0) }, "signature-invalid");
		await bench.bootstrapRefused({ ...good, algorithm: 2 }, "signature-invalid");
		for (const algorithm of [0, 3]) await bench.bootstrapRefused({ ...good, algorithm }, "signature-algorithm");
		expect(await bench.tre.call("acceptBootstrap", good)).toMatchObject({ kind: "change", repeated: false });
		await bench.withdraw();
	});

	test("a former SHO has no rights; the device changes on, under an elliptic curve root, and back", async () => {
		const { tre, owned, ro, sho1 } = bench;
		const sho2 = await TestOperator.make("sho-2.example", "ec");
		await change(tre, owned, ro, sho1);
		await bench.bootstrapRefused(changeBootstrap({ ...owned }, sho2, ro), "signature-invalid");
		await change(tre, owned, sho1, sho2);
		for (const former of [ro, sho1])
			await bench.bootstrapRefused(changeBootstrap({ ...owned }, sho1, former), "signature-invalid");
		await change(tre, owned, sho2, ro);
	});
});
