import { test } from "vitest";
import { authenticateAgainstBare } from "./measure/authenticate.ts";
import { costOfCommands } from "./measure/commands.ts";
import { growth } from "./measure/growth.ts";
import { milenageAgainstNode } from "./measure/milenage.ts";
import { holdBudgets, printTable, writeResult } from "./report.ts";

test("the TRE in the emulator", async () => {
	const milenage = milenageAgainstNode(15, 2000);
	const authenticate = await authenticateAgainstBare(15, 40);
	const budgets = [
		{ what: "MILENAGE in the emulator against node:crypto per block", ratio: milenage, budget: 8 },
		{
			what: "AUTHENTICATE with durable SQN over a pty against bare round trips plus one fdatasync",
			ratio: authenticate.ratio,
			budget: 0.5,
		},
	];
	const commands = await costOfCommands(8);
	printTable(
		"each command of a whole life, refused ones among them: medians",
		["command", "times", "ms in the TRE", "flash units", "octets", "sectors erased", "request", "response"],
		commands.map(({ command, times, ms, units, programmed, erased, request, response }) => [
			...[command, times, ms, units, programmed, erased, request, response],
		]),
	);
	const stores = await growth(2500);
	printTable(
		"how it grows, against a fresh store with one MCIM (worn: 32 SEQ_MS each, 512 K, a full audit trail)",
		["store", "AUTHENTICATE", "boot", "compaction", "octets live", "of", "AUTHENTICATEs an erase"],
		stores.map(({ store, authenticate: aka, boot, compaction, used, size, perErase }) => [
			...[store, aka, boot, compaction, used, size, perErase],
		]),
	);
	writeResult("tre", { budgets, authenticate, commands, stores });
	holdBudgets(budgets);
});
