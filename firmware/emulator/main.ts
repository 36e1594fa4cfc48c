import { resolve } from "node:path";
import { makeProgram, readPort, tellEnd, withExample } from "../local/program.ts";
import { QemuTre } from "./qemu.ts";
import { StateFolder } from "./state-folder.ts";
import type { Tre } from "./tre.ts";
import { WasmTre } from "./wasm.ts";

interface Options {
	readonly state: string;
	readonly link?: string;
	readonly tcp?: number;
	readonly board?: string;
	readonly firmware?: string;
	readonly qemu?: string;
	readonly reflash?: boolean;
	readonly json?: boolean;
}

const options = withExample(
	makeProgram("tre emulate", "runs a TRE on this machine, behind a pseudo-terminal"),
	"tre emulate --link ./tre0",
	"tre emulate --board stm32f405 --state ./board --link ./tre0",
)
	.option("--state <dir>", "the device's folder: flash and root key", "tre-state")
	.option("--link <path>", "makes PATH a link to the terminal device")
	.option("--tcp <port>", "listens on a loopback port instead (0: any, without --board)", readPort)
	.option("--board <name>", "the firmware of that board in QEMU, in place of tre.wasm in this process")
	.option("--firmware <elf>", "with --board: another firmware than the one built here")
	.option("--reflash", "the firmware that is built here, in place of what an update has brought")
	.option("--qemu <arguments>", "with --board: more arguments for QEMU")
	.option("--json", "reports as JSON lines")
	.parse()
	.opts<Options>();

const say = (text: string, event: object): void => {
	process.stdout.write(`${options.json ? JSON.stringify(event) : text}\n`);
};

const problem = (what: string): void => say(what, { event: "problem", what });

async function main(): Promise<void> {
	const folder = new StateFolder(resolve(options.state));
	try {
		await run(folder);
	} catch (error) {
		folder.release();
		throw error;
	}
}

async function run(folder: StateFolder): Promise<void> {
	const link = options.link !== undefined && options.tcp === undefined ? resolve(options.link) : undefined;
	let device = "";
	const onPort = (now: string): void => {
		device = now;
		if (link !== undefined) folder.takeLink(link, device);
		const port = link ?? device;
		say(`TRE ${options.board ?? "emulator"} on ${port} (state in ${resolve(options.state)}). Ctrl-C stops it.`, {
			event: "ready",
			addresses: { port },
		});
	};
	const onGone = (gone: string): void => {
		if (link !== undefined) folder.dropLink(link, gone);
	};
	let tre: Tre | undefined;
	let stopping = false;
	const stop = async (code: number): Promise<void> => {
		if (stopping) return;
		stopping = true;
		if (link !== undefined) folder.dropLink(link, device);
		if (options.json && tre?.timings) say("", { event: "timings", ms: tre.timings });
		await tre?.close();
		folder.release();
		process.exit(code);
	};
	// Before anybody hears that it is ready: from then on a signal leaves neither lock nor link behind.
	process.on("SIGUSR2", () => tre?.reset?.());
	process.on("SIGINT", () => void stop(0));
	process.on("SIGTERM", () => void stop(0));
	tre = await start(folder, { onPort, onGone, onDied: () => void stop(1) });
}

interface Listener {
	onPort(device: string): void;
	onGone(device: string): void;
	onDied(): void;
}

async function start(folder: StateFolder, { onPort, onGone, onDied }: Listener): Promise<Tre> {
	const tcp = options.tcp === undefined ? {} : { tcp: options.tcp };
	if (options.board === undefined) {
		const onTrap = (error: Error) => problem(`trap: ${error.message}; restarted`);
		const tre = await WasmTre.start({
			...{ folder, ...tcp, measured: options.json === true, reflash: options.reflash === true },
			...{ onTrap, onNotice: (what) => say(what, { event: "notice", what }) },
			onDied: (why) => {
				process.stderr.write(`tre emulate: no firmware starts: ${why}; --reflash puts the one in that is built here\n`);
				onDied();
			},
		});
		onPort(tre.port);
		return tre;
	}
	if (tcp.tcp === 0) throw new Error("with --board, --tcp needs the number of a free port");
	return QemuTre.start({
		...{ state: resolve(options.state), board: options.board, ...tcp, onPort, onGone },
		...(options.firmware === undefined ? {} : { firmware: resolve(options.firmware) }),
		...{ reflash: options.reflash === true, onNotice: (what: string) => say(what, { event: "notice", what }) },
		more: options.qemu?.split(" ") ?? [],
		onDied: (why) => {
			process.stderr.write(`tre emulate: ${why}\n`);
			onDied();
		},
	});
}

main().catch((error: Error) => {
	tellEnd("tre emulate", error);
	process.exit(1);
});
