import { describe, expect, test } from "vitest";
import { authenticateAgainstBare } from "./measure/authenticate.ts";
import { costOfCommands } from "./measure/commands.ts";
import { growth } from "./measure/growth.ts";
import { hssBesideOsmo } from "./measure/hss.ts";
import { milenageAgainstNode } from "./measure/milenage.ts";
import { codecAgainstOthers, codecGrowth } from "./measure/wire.ts";
import { holdBudgets } from "./report.ts";

/** What they find is for people; that they run, and measure what they say, is for the tests. */
describe("the benchmarks of the TRE run", () => {
	test("MILENAGE and AUTHENTICATE against their yardsticks", async () => {
		expect(milenageAgainstNode(1, 20)).toBeGreaterThan(0);
		expect((await authenticateAgainstBare(1, 3)).ratio).toBeGreaterThan(0);
	});

	test("the table of commands has every command of a life, with its flash operations and octets", async () => {
		const rows = new Map((await costOfCommands(1)).map((row) => [row.command, row]));
		// SEQ_MS and the commit record.
		expect(rows.get("authenticate")).toMatchObject({ erased: 0, request: 37 });
		expect(rows.get("status")).toMatchObject({ programmed: 0, erased: 0 });
		expect(rows.get("acceptBootstrap")?.units).toBeGreaterThan(20);
		expect(rows.size).toBeGreaterThan(20);
	});

	test("the growth table has a row for each store", async () => {
		const rows = await growth(3);
		expect(rows.map(({ store }) => store)).toEqual([
			...["1 MCIM", "2 MCIM", "4 MCIM", "8 MCIM", "1 MCIM, worn", "8 MCIM, worn"],
		]);
		expect(rows[5].used).toBeGreaterThan(rows[0].used);
	});
});

describe("the benchmark of the HSS runs", () => {
	test("beside osmo-hlr, on SQLite and PostgreSQL", async () => {
		const load = { connections: 8, depth: 2, vectors: 5, requests: 40 } as const;
		const plan = { rounds: 1, sizes: [20], media: ["disk"], loads: [load], postgres: true } as const;
		const rows = await hssBesideOsmo(plan);
		expect(rows.map(({ database }) => database)).toEqual(["SQLite, disk", "PostgreSQL, disk"]);
		for (const { requests, osmo, ratio, memory } of rows)
			expect(Math.min(requests, osmo, ratio, memory)).toBeGreaterThan(0);
	});
});

describe("the benchmarks of the wire run", () => {
	test("the codec beside JSON and libwbxml, and how it grows", () => {
		for (const row of codecAgainstOthers(1, 2)) {
			expect(row.wbxml).toBeLessThan(row.xml);
			expect(Math.min(row.decode, row.encode, row.libwbxml)).toBeGreaterThan(0);
		}
		const rows = codecGrowth(1, 1);
		expect(rows.map(({ document }) => document)).toContain("800 elements");
		expect(rows.every(({ decode, encode, parse }) => Math.min(decode, encode, parse) > 0)).toBe(true);
	});
});

test("a budget that is not kept fails its benchmark, by name", () => {
	const fast = { what: "fast enough", ratio: 8, budget: 8 };
	const small = { what: "small enough", ratio: 1, budget: 1, atMost: true };
	expect(() => holdBudgets([fast, small])).not.toThrow();
	expect(() => holdBudgets([fast, { ...small, what: "too large", ratio: 1.1 }])).toThrow(/too large$/);
	expect(() => holdBudgets([{ ...fast, what: "too slow", ratio: 7.9 }, small])).toThrow(/: too slow$/);
});
