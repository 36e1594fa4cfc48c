import { writeFileSync } from "node:fs";
import { test } from "vitest";
import { boardSizes } from "../support/board-sizes.ts";
import { boards, mainBoards } from "../support/targets.ts";
import { bootOf, type CountedLife, countedLife, cryptoAgainstPlainC } from "./measure/boards.ts";
import { type Budgeted, holdBudgets, printTable, writeResult } from "./report.ts";

/** DESIGN section 8, and the issue that the boards came with. */
const MILENAGE = 1.25;
const PUBLIC_KEY = 1.05;
/** Instructions before the runtime that collects all the time went, and wasm2c's C became thin. */
const BEFORE: Readonly<Record<string, number>> = { status: 122_207, authenticate: 559_298 };
const AGAINST_BEFORE = 0.6;
const MEASURED_BEFORE = "qemu:stm32f405";

/** Octets for all features, and for all boards. */
const FLASH = 192 * 1024;
const RAM = 112 * 1024;
/** A start is no slower than a single verification would be without p256-m. */
const BOOT_STAGE = 1;

const DIGITS = 3;
const rounded = (value: number): string => String(Number(value.toPrecision(DIGITS)));

/** KEEP_INSTRUCTIONS=1 takes the counts over beside the size reports, for the commit that changes them. */
function keepInstructions(target: string, commands: CountedLife["commands"]): void {
	if (!process.env.KEEP_INSTRUCTIONS) return;
	const rows = commands.map(({ command, least, median, most }) =>
		[command.padEnd(20), ...[least, median, most].map((count) => rounded(count).padStart(14))].join(""),
	);
	const head = `${target}: instructions of each command of a whole life, refused ones among them: least, median, most`;
	const folder = target.slice("qemu:".length);
	writeFileSync(`firmware/boards/${folder}/instructions-qemu.txt`, `${[head, "", ...rows].join("\n")}\n`);
}

test.each(mainBoards)("the TRE on %s, instructions counted by QEMU", async (target) => {
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
	for (const { command, median } of commands)
		if (target === MEASURED_BEFORE && Object.hasOwn(BEFORE, command))
			budgets.push({
				what: `${command}: instructions against those before the firmware was made small`,
				ratio: median / (BEFORE[command] as number),
				budget: AGAINST_BEFORE,
				atMost: true,
			});
	printTable(
		`instructions of each command of a whole life on ${target}, refused ones among them`,
		["command", "times", "least", "median", "most"],
		commands.map(({ command, times, least, median, most }) => [command, times, least, Math.round(median), most]),
	);
	keepInstructions(target, commands);
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

test("boot time in instructions, and the size of each board", async () => {
	const boots = [];
	for (const target of boards) boots.push(await bootOf(target));
	printTable(
		"instructions from the reset until the TRE waits for a host, and those of the boot stage among them",
		["target", "start", "boot stage"],
		boots.map(({ target, instructions, bootStage }) => [target, instructions, bootStage ?? "–"]),
	);
	const sizes = boardSizes();
	printTable(
		"octets of flash and RAM, as committed beside each board",
		["board", "variant", "flash", "of", "RAM", "of"],
		sizes.map(({ board, variant, flash, ram }) => [board, variant, flash, FLASH, ram, RAM]),
	);
	const checked = boots.find(({ bootStage }) => bootStage !== undefined);
	const verify = (await cryptoAgainstPlainC("qemu:stm32f405")).find(({ what }) => what.startsWith("ecdsa"));
	if (!checked?.bootStage || !verify) throw new Error("no boot stage was measured, or no ECDSA");
	const budgets: Budgeted[] = [
		{
			what: "boot stage: checks of the image, against one ECDSA verification by Mbed TLS",
			ratio: checked.bootStage / verify.plain,
			budget: BOOT_STAGE,
			atMost: true,
		},
		...sizes.map(({ board, variant, flash }) => ({
			...{ what: `${board} (${variant}): flash`, ratio: flash / FLASH, budget: 1, atMost: true },
		})),
		...sizes.map(({ board, variant, ram }) => ({
			...{ what: `${board} (${variant}): RAM`, ratio: ram / RAM, budget: 1, atMost: true },
		})),
	];
	writeResult("boards-boot", { budgets, boots, sizes });
	holdBudgets(budgets);
});
