import { describe, test } from "vitest";
import { writeM2mmcim } from "../../../host/wire/management/objects.ts";
import { enveloped, TestOperator } from "../../support/operators.ts";
import { ruleBench } from "../../support/rule-bench.ts";

describe("documents.md, M2MMCIM: signed by the pending SHO and nobody else (G3)", () => {
	const bench = ruleBench();

	test("the current SHO, a stranger, one octet changed; then the good one", async () => {
		const { tre, owned, ro, sho1 } = bench;
		await bench.bringTo("requested");
		const nonceB = await bench.nonceB();
		const { object } = sho1.mcim(owned);
		const stranger = await TestOperator.make("sho-1.example");
		for (const signer of [ro, stranger]) {
			const request = enveloped(writeM2mmcim(nonceB, object, signer.root.key));
			await bench.refused(() => tre.call("acceptMcim", request), "signature-invalid");
		}
		const good = enveloped(writeM2mmcim(nonceB, object, sho1.root.key));
		const document = Buffer.from(good.document);
		document[60] ^= 1;
		await bench.refused(() => tre.call("acceptMcim", { ...good, document }), "signature-invalid");
		await tre.call("acceptMcim", good);
		await bench.refused(() => tre.call("acceptMcim", good), "wrong-state");
		await bench.withdraw();
		await bench.goodPath();
	});
});
