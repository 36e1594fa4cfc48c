import { describe, test } from "vitest";
import { authenticate } from "../../support/operators.ts";
import { ruleBench } from "../../support/rule-bench.ts";
import { boards } from "../../support/targets.ts";

/*
 * A sample of the rules on the boards, with status and flash compared octet by octet. All of them run there, too:
 * TRE_TARGET=qemu:stm32f405 npx vitest run test/firmware/rules
 */
describe.each(boards)("documents.md on %s", (target) => {
	const bench = ruleBench({ target });

	test("a bootstrap whose signature, signer or octets are wrong", async () => {
		const good = bench.change();
		const damaged = Buffer.from(good.document);
		damaged[100] ^= 1;
		await bench.bootstrapRefused({ ...good, document: damaged }, "signature-invalid");
		await bench.bootstrapRefused({ ...good, signature: good.signature.subarray(1) }, "signature-invalid");
		await bench.bootstrapRefused({ ...good, algorithm: 3 }, "signature-algorithm");
		await bench.goodPath();
	});

	test("a bootstrap that is spent, for another TRE, of another profile", async () => {
		const old = bench.bootstrap("initial");
		await bench.tre.call("acceptBootstrap", bench.bootstrap("initial"));
		await bench.bootstrapRefused(old, "replayed");
		await bench.bootstrapRefused(
			bench.edited((text) => text.replace(bench.owned.treId, "0".repeat(32))),
			"wrong-tre",
		);
		await bench.bootstrapRefused(
			bench.edited((text) => text.replace("<wap-provisioningdoc", " <wap-provisioningdoc")),
			"document-malformed",
		);
		await bench.goodPath();
	});

	test("an MCIM that does not open, or is for another device", async () => {
		await bench.bringTo("requested");
		const { object } = bench.sho1.mcim(bench.owned);
		const damaged = Buffer.from(object);
		damaged[damaged.length - 1] ^= 1;
		await bench.mcimRefused(damaged, "envelope-invalid");
		await bench.mcimRefused(bench.sho1.mcim({ ...bench.owned, treId: "0".repeat(32) }).object, "wrong-tre");
		await bench.withdraw();
		await authenticate(bench.tre, bench.ro, bench.owned.imsi);
	});
});
