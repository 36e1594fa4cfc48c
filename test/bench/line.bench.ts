import { test } from "vitest";
import { mainBoards, type TestTarget } from "../support/targets.ts";
import { type Goodput, goodput } from "./measure/goodput.ts";
import { type Budgeted, holdBudgets, writeResult } from "./report.ts";

const BUDGET = 0.9;
const [USUAL, FAST] = [115_200, 921_600];

test("goodput of 4 KiB messages over a serial line paced in the rig", async () => {
	const targets: readonly TestTarget[] = ["emulator", ...mainBoards];
	const rows: (Goodput & { readonly target: TestTarget; readonly baudRate: number })[] = [];
	for (const baudRate of [USUAL, FAST])
		for (const target of targets) rows.push({ target, baudRate, ...(await goodput(target, baudRate)) });
	const budgets = rows.flatMap(({ target, baudRate, toTre, fromTre }): Budgeted[] => {
		// QEMU takes octets one by one from its terminal: what it reaches at this rate says nothing of a board.
		const budget = baudRate === FAST && target !== "emulator" ? 0 : BUDGET;
		return [
			{ what: `${target} at ${baudRate}, to the TRE, against the line rate`, ratio: toTre, budget },
			{ what: `${target} at ${baudRate}, from the TRE, against the line rate`, ratio: fromTre, budget },
		];
	});
	writeResult("line", { rows });
	holdBudgets(budgets);
});
