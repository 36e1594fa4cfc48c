import { test } from "vitest";
import { hssBesideOsmo, type Load } from "./measure/hss.ts";
import { holdBudgets, printTable, writeResult } from "./report.ts";

const loads: readonly Load[] = [
	{ connections: 1, depth: 1, vectors: 1, requests: 1_000 },
	{ connections: 1, depth: 16, vectors: 5, requests: 2_000 },
	{ connections: 8, depth: 1, vectors: 1, requests: 2_000 },
	{ connections: 8, depth: 8, vectors: 5, requests: 3_000 },
];

test("this HSS beside osmo-hlr", async () => {
	const rows = await hssBesideOsmo({
		...{ rounds: 5, sizes: [1_000, 10_000, 100_000], media: ["disk", "RAM"], loads, postgres: true },
	});
	printTable(
		"authentication requests a second: connections × requests under way on each; ratio to osmo-hlr on the same medium",
		["database", "subscribers", "load", "requests/s", "vectors/s", "osmo-hlr", "ratio", "MiB"],
		rows.map(({ database, subscribers, load, requests, vectors, osmo, ratio, memory }) => [
			`${database}`,
			...[subscribers, load, requests, vectors, osmo, ratio, Math.round(memory)],
		]),
	);
	writeResult("hss", { rows });
	holdBudgets(
		rows
			.filter(({ database }) => database.endsWith("disk"))
			.map(({ database, subscribers, load, ratio }) => ({
				what: `${database}, ${subscribers} subscribers, ${load}`,
				ratio,
				budget: 1,
			})),
	);
});
