import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const folder = resolve("build", "bench");

type Cell = string | number;

const shown = (cell: Cell): string =>
	typeof cell === "string" ? cell : Number.isInteger(cell) ? String(cell) : cell.toPrecision(3);

/** Prints a table: a title, the heads of the columns, the rows. The first column is text. */
export function printTable(title: string, heads: readonly string[], rows: readonly (readonly Cell[])[]): void {
	const cells = [heads, ...rows].map((row) => row.map(shown));
	const widths = heads.map((_, n) => Math.max(...cells.map((row) => (row[n] ?? "").length)));
	const line = (row: readonly string[]): string =>
		row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n]) : cell.padStart(widths[n]))).join("  ");
	process.stdout.write(`\n${title}\n${cells.map(line).join("\n")}\n`);
}

/** A ratio beside its budget (DESIGN section 8), both of one run. */
export interface Budgeted {
	readonly what: string;
	readonly ratio: number;
	readonly budget: number;
	/** The budget is the most that it may be, not the least. */
	readonly atMost?: boolean;
}

const isKept = ({ ratio, budget, atMost }: Budgeted): boolean => (atMost ? ratio <= budget : ratio >= budget);

/** Prints them, and fails when one is not kept; write the results first. */
export function holdBudgets(rows: readonly Budgeted[]): void {
	printTable(
		"ratios against a yardstick of the same run",
		["what", "ratio", "budget", "kept"],
		rows.map((row) => [
			...[row.what, row.ratio, `at ${row.atMost ? "most" : "least"} ${row.budget}`],
			isKept(row) ? "yes" : "NO",
		]),
	);
	const missed = rows.filter((row) => !isKept(row)).map(({ what }) => what);
	if (missed.length > 0) throw new Error(`budgets that are not kept: ${missed.join("; ")}`);
}

/** The same for machines: build/bench/NAME.json. */
export function writeResult(name: string, result: object): void {
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, null, "\t")}\n`);
	process.stdout.write(`\nfor machines: build/bench/${name}.json\n`);
}
