#!/usr/bin/env node
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runAccounts } from "./accounts.ts";
import { runTrace } from "./trace.ts";
import { views } from "./views.ts";
import { runWbxml } from "./wbxml.ts";

/** Subcommands that read files, each with options of its own. */
const readers: Record<string, { readonly does: string; run(args: readonly string[]): Promise<number> }> = {
	accounts: { does: "show the servers that an M2ME was bootstrapped for: tre accounts STATE", run: runAccounts },
	trace: { does: "show the messages of a run, decoded: tre trace EVIDENCE", run: runTrace },
	wbxml: { does: "read and write binary documents: tre wbxml decode FILE, tre wbxml encode FILE", run: runWbxml },
};

/** Subcommands that are programs of their own: the CLI starts them, it never imports them. */
const programs: Record<string, { readonly module: string; readonly does: string }> = {
	emulate: { module: "../../firmware/emulator/main.js", does: "run an emulated TRE behind a pseudo-terminal" },
	attach: { module: "../daemon/main.js", does: "run the M2ME between a TRE and a visited network" },
};

function usage(): string {
	const rows = Object.entries(programs).map(([name, { does }]) => `  tre ${name.padEnd(10)} ${does}`);
	return [
		"usage: tre COMMAND [options]",
		...rows,
		...Object.entries(views).map(([name, { does }]) => `  tre ${name.padEnd(10)} ${does}: tre ${name} PORT [--json]`),
		...Object.entries(readers).map(([name, { does }]) => `  tre ${name.padEnd(10)} ${does}`),
		"",
	].join("\n");
}

async function main(): Promise<number> {
	const [command = "", ...args] = process.argv.slice(2);
	if (Object.hasOwn(readers, command)) return readers[command].run(args);
	const view = Object.hasOwn(views, command) ? views[command] : undefined;
	if (view) return view.print(args);
	const program = Object.hasOwn(programs, command) ? programs[command] : undefined;
	if (!program) {
		(command === "" || command === "help" || command === "--help" ? process.stdout : process.stderr).write(usage());
		return command === "" || command.includes("help") ? 0 : 2;
	}
	const child = spawn(process.execPath, [fileURLToPath(new URL(program.module, import.meta.url)), ...args], {
		stdio: "inherit",
	});
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
	return new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
}

// A reader that goes away (`| head`) has seen what it wanted.
process.stdout.on("error", () => process.exit());

process.exitCode = await main();
