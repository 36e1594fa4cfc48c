import { lstatSync, rmSync, symlinkSync } from "node:fs";
import { Command } from "commander";
import { TreClient } from "../../host/tre/client.ts";
import { emit } from "../../host/wire/report/events.ts";
import { runCommand } from "./command.ts";
import { readHardwareMap } from "./hardware-map.ts";

interface Options {
	readonly map: string;
	readonly name: string;
	readonly link: string;
}

/** How long a board may take from its reset to its first answer. */
const GREETING_MS = 30_000;

const options = new Command("hil rig board")
	.description("resets a real board and says where its line is; a restart of this process is a reset of the board")
	.requiredOption("--map <file>", "hardware map")
	.requiredOption("--name <name>", "board in the map")
	.requiredOption("--link <path>", "makes PATH a link to the serial device, where it is one")
	.parse()
	.opts<Options>();

/** The cable may lead to another board than the map says. */
async function check(port: string, board: string): Promise<void> {
	const tre = await TreClient.open(port, { deadlineMs: GREETING_MS });
	try {
		const { target } = await tre.call("info", {});
		if (target !== board)
			throw new Error(`the TRE on ${port} says that it is ${target}, and ${options.map} says ${board}`);
	} finally {
		await tre.close();
	}
}

async function main(): Promise<void> {
	const { board, port, reset } = readHardwareMap(options.map, options.name);
	await runCommand(reset);
	await check(port, board);
	const direct = port.startsWith("tcp://");
	if (!direct) {
		if (lstatSync(options.link, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(options.link);
		symlinkSync(port, options.link);
	}
	emit({ event: "ready", addresses: { port: direct ? port : options.link } });
	const stay = setInterval(() => undefined, 60_000);
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => clearInterval(stay));
}

main().catch((error: Error) => {
	process.stderr.write(`hil rig: ${error.message}\n`);
	process.exit(1);
});
