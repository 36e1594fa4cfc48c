import { describe, test } from "vitest";
import { ruleBench } from "../../support/rule-bench.ts";

describe("documents.md, Bootstrap: for whom it is", () => {
	const bench = ruleBench();

	test("another TRE_id in the bootstrap, and another one in the protected account", async () => {
		await bench.bootstrapRefused(bench.change({ treId: "0".repeat(32) }), "wrong-tre");
		const stranger = bench.sho1.account({ ...bench.owned, treId: "1".repeat(32) }).object;
		const account = Buffer.from(stranger).toString("base64");
		await bench.bootstrapRefused(
			bench.edited((text) => text.replace(/name="ACCOUNT" value="[^"]*"/, `name="ACCOUNT" value="${account}"`)),
			"wrong-tre",
		);
		await bench.goodPath();
	});
});
