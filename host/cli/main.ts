#!/usr/bin/env node
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { views } from "./views.ts";
import { runWbxml } from "./wbxml.ts";

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
		`  tre ${"wbxml".padEnd(10)} read and write binary documents: tre wbxml decode FILE, tre wbxml encode FILE`,
		"",
	].join("\n");
}

async function main(): Promise<number> {
	const [command = "", ...args] = process.argv.slice(2);
	if (command === "wbxml") return runWbxml(args);
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

process.exitCode = await main();
