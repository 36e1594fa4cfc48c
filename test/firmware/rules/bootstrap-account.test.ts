import { describe, test } from "vitest";
import { ruleBench } from "../../support/rule-bench.ts";

describe("documents.md, Bootstrap: the protected DM account (tag 4)", () => {
	const bench = ruleBench();

	const carrying = (octets: Uint8Array) => {
		const value = Buffer.from(octets).toString("base64");
		return bench.edited((text) => text.replace(/name="ACCOUNT" value="[^"]*"/, `name="ACCOUNT" value="${value}"`));
	};

	test("damaged at each field", async () => {
		const account = Buffer.from(bench.sho1.account(bench.owned).object);
		const mac = account.length - 32;
		for (const at of [1, 256, 257, 273, mac - 1, mac, account.length - 1]) {
			const damaged = Buffer.from(account);
			damaged[at] ^= 1;
			await bench.bootstrapRefused(carrying(damaged), "envelope-invalid");
		}
		await bench.bootstrapRefused(carrying(account.subarray(0, mac)), "envelope-invalid");
		await bench.bootstrapRefused(carrying(Buffer.concat([Buffer.from([9]), account.subarray(1)])), "envelope-suite");
		await bench.goodPath();
	});

	test("an MCIM in its place", async () => {
		await bench.bootstrapRefused(carrying(bench.sho1.mcim(bench.owned).object), "envelope-content");
		await bench.goodPath();
	});
});
