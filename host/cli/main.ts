#!/usr/bin/env node
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Command, Option } from "commander";
import { inWords, makeProgram, readBaud, tellEnd, withExample } from "../../firmware/local/program.ts";
import { wayNames } from "../flash/way-names.ts";
import { DEFAULT_BAUD_RATE, PortError } from "../link/port.ts";
import { printAccounts } from "./accounts.ts";
import type { FlashCommand } from "./flash.ts";
import { printTrace } from "./trace.ts";
import { update } from "./update.ts";
import { print, type ViewOptions, views } from "./views.ts";
import { decodeFile, encodeFile } from "./wbxml.ts";

/** Commands that are programs of their own: this one starts them, it never imports them. */
const programs: Readonly<Record<string, { readonly module: string; readonly does: string }>> = {
	emulate: {
		module: "../../firmware/emulator/main.js",
		does: "run an emulated TRE behind a pseudo-terminal; --help has its options",
	},
	attach: {
		module: "../daemon/main.js",
		does: "run the M2ME between a TRE and a visited network; --help has its options",
	},
};

/** Runs a program with the arguments as they came; resolves to its exit code. */
function start(module: string, args: readonly string[]): Promise<number> {
	const child = spawn(process.execPath, [fileURLToPath(new URL(module, import.meta.url)), ...args], {
		stdio: "inherit",
	});
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
	return new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
}

/** Says a refusal with the command's name and ends with code 1. */
const saying =
	<Args extends unknown[]>(name: string, run: (...args: Args) => Promise<void> | void) =>
	async (...args: Args): Promise<void> => {
		try {
			await run(...args);
		} catch (error) {
			tellEnd(`tre ${name}`, error);
			process.exitCode = 1;
		}
	};

async function printView(name: string, port: string, options: ViewOptions): Promise<void> {
	try {
		await print(views[name] as (typeof views)[string], port, options);
	} catch (error) {
		if (!(error instanceof PortError)) throw error;
		throw new Error(`${inWords(error)}\nFor an emulated TRE: npm run -s tre -- emulate --link ./tre0`);
	}
}

function addViews(tre: Command): void {
	for (const [name, { does }] of Object.entries(views)) {
		const view = tre
			.command(name)
			.description(does)
			.argument("<port>", "serial device of the TRE, or tcp://host:port")
			.option("--baud <rate>", "of the serial device", readBaud, DEFAULT_BAUD_RATE)
			.option("--json", "for machines")
			.action(saying(name, (port: string, options: ViewOptions) => printView(name, port, options)));
		withExample(view, `tre ${name} ./tre0`, `tre ${name} tcp://127.0.0.1:7000 --json`);
	}
}

function addUpdate(tre: Command): void {
	const command = tre
		.command("update")
		.description("give the TRE on a port a firmware that its factory has signed, over the line that it serves on")
		.argument("<port>", "serial device of the TRE, or tcp://host:port")
		.argument("<bundle>", "what npm run firmware leaves: tre.bundle; for an emulated TRE build/emulator.bundle")
		.option("--baud <rate>", "of the serial device", readBaud, DEFAULT_BAUD_RATE)
		.option("--json", "progress and result as JSON lines")
		.action(saying("update", update));
	withExample(command, "tre update ./tre0 build/emulator.bundle");
}

function addReaders(tre: Command): void {
	const accounts = tre
		.command("accounts")
		.description("show the servers that an M2ME was bootstrapped for, by context")
		.argument("<state>", "folder of the M2ME: its --state, in a lab LAB/m2me-PORT")
		.option("--json", "for machines")
		.action(saying("accounts", printAccounts));
	withExample(accounts, "tre accounts ./m2me-state");
	const trace = tre
		.command("trace")
		.description("show each message of a run, decoded: what it means, and the clause; secrets are masked")
		.argument("<dir>", "what --evidence left behind")
		.option("--serial", "the commands on the serial line, too")
		.option("--brief", "without the fields")
		.option("--json", "one JSON object a message")
		.action(saying("trace", printTrace));
	withExample(trace, "tre trace ./evidence --serial");
	const wbxml = tre
		.command("wbxml")
		.description("binary documents: PROV 1.0 and 1.1, SyncML 1.2 (OMA DM), DevInf 1.2, DDF and TNDS 1.2");
	withExample(wbxml, "tre wbxml decode bootstrap.wbxml", "tre wbxml encode bootstrap.xml --out bootstrap.wbxml");
	const decode = wbxml
		.command("decode")
		.description("the document as XML on standard output")
		.argument("<file>", "a path, or - for standard input")
		.option("--json", "for machines")
		.action(saying("wbxml decode", decodeFile));
	withExample(decode, "tre wbxml decode bootstrap.wbxml");
	const encode = wbxml
		.command("encode")
		.description("its binary form, on standard output without --out")
		.argument("<file>", "a path, or - for standard input")
		.option("--out <file>", "where it goes")
		.action(saying("wbxml encode", encodeFile));
	withExample(encode, "tre wbxml encode bootstrap.xml --out bootstrap.wbxml");
}

async function flash(target: string, options: FlashCommand): Promise<void> {
	const { failureObject, flashCommand } = await import("./flash.ts");
	try {
		await flashCommand(target, options);
	} catch (error) {
		if (options.json) process.stdout.write(`${JSON.stringify(failureObject(error))}\n`);
		throw error;
	}
}

function addFlash(tre: Command): void {
	const command = tre
		.command("flash")
		.description("write a firmware into a board; its device root key and its store stay")
		.argument("<target>", "a serial device, tcp://host:port, a probe as stlink, or dfu")
		.option("--firmware <file>", "a bundle; the one that was built for the board where nothing is said")
		.addOption(
			new Option("--via <way>", "how it gets there; what the target looks like says it otherwise").choices(wayNames),
		)
		.option("--board <board>", "which board it is; the firmware says it otherwise")
		.option("--port <port>", "the TRE's own serial port: it is asked afterwards whether it runs")
		.option("--baud <rate>", "of both serial ports", readBaud, DEFAULT_BAUD_RATE)
		.addOption(
			new Option("--parity <parity>", "of a ROM loader's line; a bridge may have none")
				.choices(["even", "none"])
				.default("even"),
		)
		.option("--no-compare", "key and store are not read before and after, which takes a minute on a serial line")
		.option("--blank", "erases device root key and store: the device loses its TRE_id and its subscriptions")
		.option("--yes", "does not ask")
		.option("--dry-run", "says what it would do, and touches nothing")
		.option("--json", "one JSON object a line, for machines")
		.action(saying("flash", flash));
	withExample(
		command,
		"tre flash stlink --board stm32f405 --port /dev/ttyUSB0",
		"tre flash /dev/ttyUSB1 --via rom --board stm32f405",
		"tre flash tcp://127.0.0.1:3333 --via gdb --board stm32f405 --dry-run",
	);
}

function addDoctor(tre: Command): void {
	const command = tre
		.command("doctor")
		.description("look at tools, ports, permissions, locks and the TRE, and say what to type next")
		.argument("[port]", "serial device of a TRE, or tcp://host:port")
		.option("--baud <rate>", "of the serial device", readBaud, DEFAULT_BAUD_RATE)
		.option("--json", "for machines")
		.action(
			saying(
				"doctor",
				async (port: string | undefined, options: { readonly baud: number; readonly json?: boolean }) => {
					const { printExamination } = await import("./doctor.ts");
					await printExamination(port, options);
				},
			),
		);
	withExample(command, "tre doctor", "tre doctor /dev/ttyUSB0 --json");
}

async function main(args: readonly string[]): Promise<void> {
	const tre = makeProgram("tre", "a Trusted Environment on a port, and the files around it");
	addViews(tre);
	addUpdate(tre);
	addReaders(tre);
	addFlash(tre);
	addDoctor(tre);
	for (const [name, { does }] of Object.entries(programs)) tre.command(name).description(does).helpOption(false);
	withExample(tre, "tre emulate --link ./tre0", "tre info ./tre0");
	const [command = "", ...rest] = args;
	const program = Object.hasOwn(programs, command) ? programs[command] : undefined;
	if (program) process.exitCode = await start(program.module, rest);
	else if (command === "") tre.outputHelp();
	else await tre.parseAsync(args, { from: "user" });
}

// A reader that goes away (`| head`) has seen what it wanted.
process.stdout.on("error", () => process.exit());

await main(process.argv.slice(2));
