import { test } from "vitest";
import { mainBoards, type TestTarget } from "../support/targets.ts";
import { type Goodput, goodput, updatable, updateGoodput } from "./measure/goodput.ts";
import { type Budgeted, holdBudgets, writeResult } from "./report.ts";

const BUDGET = 0.9;
const UPDATE_BUDGET = 0.85;
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

test("goodput of an update over the same line", async () => {
	const rows: { readonly target: TestTarget; readonly ratio: number }[] = [];
	for (const target of updatable) rows.push({ target, ratio: await updateGoodput(target, USUAL) });
	writeResult("update", { rows });
	holdBudgets(
		rows.map(
			({ target, ratio }): Budgeted => ({
				what: `an update of ${target} at ${USUAL}, against the line rate`,
				ratio,
				budget: UPDATE_BUDGET,
			}),
		),
	);
});
