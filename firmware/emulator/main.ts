import { resolve } from "node:path";
import { Command } from "commander";
import { loadArtefacts } from "./artefacts.ts";
import { FlashFile } from "./flash-file.ts";
import { ptyLine, tcpLine } from "./lines.ts";
import { Machine } from "./machine.ts";
import { StateFolder } from "./state-folder.ts";

const TICK_MS = 500;

interface Options {
	readonly state: string;
	readonly link?: string;
	readonly tcp?: string;
	readonly json?: boolean;
}

const options = new Command("tre emulate")
	.description("runs a TRE in this process, behind a pseudo-terminal")
	.option("--state <dir>", "the device's folder: flash and root key", "tre-state")
	.option("--link <path>", "makes PATH a link to the terminal device")
	.option("--tcp <port>", "listens on a loopback port instead (0: any)")
	.option("--json", "reports as JSON lines")
	.parse()
	.opts<Options>();

const say = (text: string, event: object): void => {
	process.stdout.write(`${options.json ? JSON.stringify(event) : text}\n`);
};

async function main(): Promise<void> {
	const folder = new StateFolder(resolve(options.state));
	const flash = new FlashFile(folder.flashPath);
	const receive = (octets: Uint8Array): void => machine.receive(octets);
	const line = options.tcp === undefined ? ptyLine(receive) : await tcpLine(Number(options.tcp), receive);
	const machine: Machine = new Machine({
		...loadArtefacts(),
		flash,
		rootKey: folder.rootKey(),
		uartWrite: (octets) => line.write(octets),
		seconds: () => Math.floor(performance.now() / 1000),
		...(options.json ? { clock: () => performance.now() } : {}),
		onTrap: (error) => say(`trap: ${error.message}; restarted`, { event: "problem", what: `trap: ${error.message}` }),
	});
	const port = options.link && options.tcp === undefined ? resolve(options.link) : line.port;
	if (port !== line.port) {
		folder.takeLink(port, line.port);
	}
	const timer = setInterval(() => machine.tick(), TICK_MS);
	say(`TRE emulator on ${port} (state in ${resolve(options.state)}). Ctrl-C stops it.`, {
		event: "ready",
		addresses: { port },
	});

	let stopping = false;
	const stop = async (): Promise<void> => {
		if (stopping) return;
		stopping = true;
		clearInterval(timer);
		if (port !== line.port) folder.dropLink(port, line.port);
		if (options.json) say("", { event: "timings", ms: machine.timings });
		await line.close();
		flash.close();
		folder.release();
		process.exit(0);
	};
	process.on("SIGINT", stop);
	process.on("SIGTERM", stop);
}

main().catch((error: Error) => {
	process.stderr.write(`tre emulate: ${error.message}\n`);
	process.exit(1);
});
