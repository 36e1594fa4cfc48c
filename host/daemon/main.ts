import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { recorder } from "../link/recorder.ts";
import { RadioModem } from "../modem/radio.ts";
import { TreClient } from "../tre/client.ts";
import { emit } from "../wire/report/events.ts";
import { Equipment } from "./equipment.ts";
import { Inbox } from "./inbox.ts";
import { Memory } from "./memory.ts";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;

interface Options {
	readonly port: string;
	readonly radio: string;
	readonly state: string;
	readonly record?: string;
	readonly baud: string;
}

const options = new Command("tre attach")
	.description("the M2ME: relays between a TRE on a serial port and a visited network")
	.requiredOption("--port <port>", "serial device of the TRE, or tcp://host:port")
	.requiredOption("--radio <host:port>", "air interface of the visited network")
	.option("--state <dir>", "what the M2ME keeps outside the TRE", "m2me-state")
	.option("--record <dir>", "records all octets on the serial line")
	.option("--baud <rate>", "baud rate", "115200")
	.parse()
	.opts<Options>();

/** One life of the equipment: until the line or the air interface is gone. */
async function live(memory: Memory, stopped: AbortSignal): Promise<void> {
	const record = options.record === undefined ? undefined : recorder(options.record);
	const tre = await TreClient.open(options.port, { baudRate: Number(options.baud), record });
	let wake = (): void => undefined;
	let lost: string | undefined;
	tre.link.onClose((reason) => {
		lost = reason;
		wake();
	});
	try {
		const modem = await RadioModem.open(options.radio, {
			onShortMessage: (message) => {
				inbox.take(message);
				wake();
			},
			onLost: () => {
				lost = "the air interface is gone";
				wake();
			},
		});
		const inbox: Inbox = new Inbox(tre, modem, memory);
		const equipment = new Equipment(tre, modem, memory, inbox);
		stopped.addEventListener("abort", () => {
			wake();
			// A step under way ends with its wires.
			modem.close();
			void tre.close();
		});
		try {
			let pause = FIRST_PAUSE_MS;
			while (!stopped.aborted && lost === undefined) {
				const rest = new Promise<void>((resolve) => {
					wake = resolve;
				});
				try {
					if ((await equipment.proceed()) === "waiting") await rest;
					pause = FIRST_PAUSE_MS;
				} catch (error) {
					if (stopped.aborted || lost !== undefined) break;
					// A step that fails is tried again over the same wires: what is on its way may mend it.
					emit({ event: "problem", what: `M2ME: ${(error as Error).message}; next try in ${pause} ms` });
					equipment.forgetBearer();
					await Promise.race([rest, sleep(pause)]);
					pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
				}
			}
		} finally {
			modem.close();
		}
	} finally {
		emit({ event: "timings", ms: { line: tre.link.counters.busyMs } });
		await tre.close();
	}
	if (lost !== undefined) throw new Error(lost);
}

/** Says what it waits for, and tries again for ever. */
async function main(): Promise<void> {
	const stop = new AbortController();
	process.on("SIGTERM", () => stop.abort());
	process.on("SIGINT", () => stop.abort());
	const memory = new Memory(options.state);
	emit({ event: "ready", addresses: { port: options.port } });
	let pause = FIRST_PAUSE_MS;
	while (!stop.signal.aborted) {
		const started = performance.now();
		try {
			await live(memory, stop.signal);
		} catch (error) {
			if (performance.now() - started > LONGEST_PAUSE_MS) pause = FIRST_PAUSE_MS;
			emit({ event: "problem", what: `M2ME: ${(error as Error).message}; next try in ${pause} ms` });
			await sleep(pause, undefined, { signal: stop.signal }).catch(() => undefined);
			pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
		}
	}
	process.exit(0);
}

await main();
