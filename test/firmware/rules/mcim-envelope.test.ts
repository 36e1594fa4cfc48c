import { afterAll, beforeAll, describe, test } from "vitest";
import { ruleBench } from "../../support/rule-bench.ts";

/** Encrypted then MACed; every failure of the wrap, the MAC or the cipher looks the same (B.2.3.6, DESIGN section 6). */
describe("B.2.3.6: a protected MCIM damaged at each field", () => {
	const bench = ruleBench();
	let object: Buffer;
	let mac = 0;

	beforeAll(async () => {
		await bench.bringTo("requested");
		object = bench.sho1.mcim(bench.owned).object;
		mac = object.length - 32;
	});
	afterAll(async () => {
		await bench.withdraw();
		await bench.goodPath();
	});

	test("suite: one that this firmware does not have, and none", async () => {
		for (const suite of [0, 3, 255])
			await bench.mcimRefused(Buffer.concat([Buffer.from([suite]), object.subarray(1)]), "envelope-suite");
		await bench.mcimRefused(Buffer.alloc(0), "envelope-suite");
	});

	test.each<[string, () => number]>([
		["first octet of PuKTRE(PIK|PCK)", () => 1],
		["last octet of PuKTRE(PIK|PCK)", () => 256],
		["IV", () => 257],
		["first block", () => 273],
		["last block", () => mac - 1],
		["first octet of the MAC", () => mac],
		["last octet of the MAC", () => object.length - 1],
	])("%s", async (_field, at) => {
		const damaged = Buffer.from(object);
		damaged[at()] ^= 1;
		await bench.mcimRefused(damaged, "envelope-invalid");
	});

	test("cut short anywhere, or longer by a block", async () => {
		for (const length of [1, 256, 257, mac, object.length - 1])
			await bench.mcimRefused(object.subarray(0, length), "envelope-invalid");
		await bench.mcimRefused(Buffer.concat([object, Buffer.alloc(16)]), "envelope-invalid");
	});
});
