import { test } from "vitest";
import { boards } from "../support/targets.ts";
import { countedLife, cryptoAgainstPlainC } from "./measure/boards.ts";
import { type Budgeted, holdBudgets, printTable, writeResult } from "./report.ts";

/** DESIGN section 8, and the issue that the boards came with. */
const MILENAGE = 1.25;
const PUBLIC_KEY = 1.05;

test.each(boards)("the TRE on %s, instructions counted by QEMU", async (target) => {
	const compared = await cryptoAgainstPlainC(target);
	const budgets: Budgeted[] = compared.map(({ what, ours, plain }) => ({
		what: `${what} through the crypto boundary against plain C on the same Mbed TLS`,
		ratio: ours / plain,
		budget: what.startsWith("milenage") ? MILENAGE : PUBLIC_KEY,
		atMost: true,
	}));
	printTable(
		`instructions on ${target}`,
		["what", "ours", "plain C"],
		compared.map(({ what, ours, plain }) => [what, ours, plain]),
	);
	const { commands, stack, heap } = await countedLife(target);
	printTable(
		`instructions of each command of a whole life on ${target}, refused ones among them`,
		["command", "times", "least", "median", "most"],
		commands.map(({ command, times, least, median, most }) => [command, times, least, Math.round(median), most]),
	);
	printTable(
		`how deep it got on ${target}, octets`,
		["what", "used", "of"],
		[
			["stack", stack.used, stack.size],
			["heap of Mbed TLS", heap.used, heap.size],
		],
	);
	writeResult(`boards-${target.replace(":", "-")}`, { budgets, compared, commands, stack, heap });
	holdBudgets(budgets);
});
