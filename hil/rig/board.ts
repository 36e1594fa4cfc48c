import { lstatSync, rmSync, symlinkSync } from "node:fs";
import { Command } from "commander";
import { emit } from "../../host/wire/report/events.ts";
import { runCommand } from "./command.ts";
import { readHardwareMap } from "./hardware-map.ts";

interface Options {
	readonly map: string;
	readonly name: string;
	readonly link: string;
}

const options = new Command("hil rig board")
	.description("resets a real board and says where its line is; a restart of this process is a reset of the board")
	.requiredOption("--map <file>", "hardware map")
	.requiredOption("--name <name>", "board in the map")
	.requiredOption("--link <path>", "makes PATH a link to the serial device, where it is one")
	.parse()
	.opts<Options>();

async function main(): Promise<void> {
	const { port, reset } = readHardwareMap(options.map, options.name);
	await runCommand(reset);
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
