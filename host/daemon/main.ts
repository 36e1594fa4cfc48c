import { setTimeout as sleep } from "node:timers/promises";
import { InvalidArgumentError, Option } from "commander";
import { inWords, makeProgram, numberOf, readBaud, tellEnd, withExample } from "../../firmware/local/program.ts";
import type { LinkOptions } from "../link/link.ts";
import { DEFAULT_BAUD_RATE } from "../link/port.ts";
import { recorder } from "../link/recorder.ts";
import { RadioModem } from "../modem/radio.ts";
import { SegmentStore } from "../modem/segment-store.ts";
import { TreClient } from "../tre/client.ts";
import { AddressError, readAddress, writeAddress } from "../wire/address.ts";
import { emit } from "../wire/report/events.ts";
import { type MessageForm, messageForms } from "../wire/syncml/form.ts";
import { Applications } from "./applications.ts";
import { Equipment } from "./equipment.ts";
import { Inbox } from "./inbox.ts";
import { Memory } from "./memory.ts";
import { HoldOff, nextPause, passing, TooEarly } from "./patience.ts";

interface Options {
	readonly radio: string;
	readonly state: string;
	readonly record?: string;
	readonly baud: number;
	readonly deadline: number;
	readonly once?: boolean;
	readonly treId?: string;
	readonly dm: MessageForm;
	readonly imei?: string;
}

const seconds = numberOf("a number of seconds, 3600 at most", (value) => value > 0 && value <= 3600);

const imei = (text: string): string => {
	if (!/^\d{14,15}$/.test(text)) throw new InvalidArgumentError("it is 14 or 15 digits.");
	return text;
};

const radio = (text: string): string => {
	try {
		return writeAddress(readAddress(text));
	} catch (error) {
		throw error instanceof AddressError ? new InvalidArgumentError(`${error.message}.`) : error;
	}
};

const command = withExample(
	makeProgram("tre attach", "the M2ME: relays between a TRE on a serial port and a visited network"),
	"tre attach ./tre0 --radio 127.0.0.1:7100 --state ./m2me-state",
)
	.argument("<port>", "serial device of the TRE, or tcp://host:port")
	.requiredOption("--radio <host:port>", "air interface of the visited network, as hil up names it", radio)
	.option("--state <dir>", "what the M2ME keeps outside the TRE", "m2me-state")
	.option("--record <dir>", "records all octets on the serial line")
	.option("--baud <rate>", "of the serial device", readBaud, DEFAULT_BAUD_RATE)
	.option("--deadline <seconds>", "how long the TRE may take for an answer before the line counts as lost", seconds, 60)
	.option("--tre-id <id>", "the TRE that this M2ME belongs to; without it, the first one that it meets")
	.addOption(
		new Option("--dm <form>", "form of the messages of its DM sessions").choices([...messageForms]).default("wbxml"),
	)
	.option("--imei <digits>", "of this equipment, for home networks that ask", imei)
	.option("--once", "attaches, does the next step and ends; code 3 where there was nothing to do")
	.parse();
const options = command.opts<Options>();
const [port] = command.args;

/** With --once: how long a bootstrap may take to come, after the attachment made the operator send it. */
const ONCE_MS = 5_000;
/** So often it tries a step that fails. */
const ONCE_RETRIES = 2;
const NOTHING_TO_DO = 3;

/** What wakes the equipment: a message, the end of its wires, a signal. */
class Bell {
	/** Why the wires are of no more use. */
	lost: string | undefined;
	#ring: () => void = () => undefined;
	#rest: Promise<void> = Promise.resolve();

	constructor() {
		this.arm();
	}

	arm(): void {
		this.#rest = new Promise((resolve) => {
			this.#ring = resolve;
		});
	}

	ring(lost?: string): void {
		this.lost ??= lost;
		this.#ring();
	}

	/** Resolves to false where nothing came in time. */
	rest(ms?: number): Promise<boolean> {
		const came = this.#rest.then(() => true);
		return ms === undefined ? came : Promise.race([came, sleep(ms, false)]);
	}
}

/** What has become of the tries of one life. */
class Attempts {
	pause = 0;
	failures = 0;
}

/** A step that failed waits its turn; throws where it was the only one. */
async function rest(error: unknown, equipment: Equipment, bell: Bell, attempts: Attempts): Promise<void> {
	if (error instanceof TooEarly && !options.once) {
		await bell.rest(error.ms);
		return;
	}
	attempts.pause = nextPause(passing, attempts.pause);
	if (options.once && ++attempts.failures > ONCE_RETRIES) throw error;
	// A step that fails is tried again over the same wires: what is on its way may mend it.
	emit({ event: "problem", what: `M2ME: ${inWords(error)}; next try in ${attempts.pause} ms` });
	equipment.forgetBearer();
	await bell.rest(attempts.pause);
}

/** Does the next step; false where nothing is to follow. */
async function turn(equipment: Equipment, bell: Bell, attempts: Attempts): Promise<boolean> {
	const progress = await equipment.proceed();
	// Being on the air is no progress: every try begins with it.
	if (progress === "worked") attempts.pause = 0;
	if (progress !== "waiting") return !(options.once && progress === "worked");
	if (await bell.rest(options.once ? ONCE_MS : undefined)) return true;
	process.exitCode = NOTHING_TO_DO;
	return false;
}

/** Does step after step; with --once, one. */
async function work(equipment: Equipment, bell: Bell, stopped: AbortSignal): Promise<void> {
	const ended = () => stopped.aborted || bell.lost !== undefined;
	const attempts = new Attempts();
	while (!ended()) {
		bell.arm();
		try {
			if (!(await turn(equipment, bell, attempts))) return;
		} catch (error) {
			if (ended()) return;
			await rest(error, equipment, bell, attempts);
		}
	}
}

/** What outlives a line and a radio. */
interface Kept {
	readonly memory: Memory;
	readonly segments: SegmentStore;
	readonly holdOff: HoldOff;
	readonly record: LinkOptions["record"];
}

/** One life of the equipment: until the line or the air interface is gone, or it is told to stop. */
async function live({ memory, segments, holdOff, record }: Kept, stopped: AbortSignal): Promise<void> {
	const onWaiting = (what: string) => emit({ event: "problem", what: `M2ME: ${what}` });
	const line = { baudRate: options.baud, deadlineMs: options.deadline * 1000 };
	const tre = await TreClient.open(port, { ...line, record, onWaiting });
	const bell = new Bell();
	tre.link.onClose((reason) => bell.ring(reason));
	try {
		memory.claim((await tre.call("info", {})).treId);
		const modem = await RadioModem.open(
			options.radio,
			{
				onShortMessage: (message) => {
					inbox.take(message);
					bell.ring();
				},
				onUnreadable: (why) => emit({ event: "problem", what: `a short message was thrown away: ${why}` }),
				onLost: () => bell.ring("the air interface is gone"),
			},
			{ imei: options.imei, store: segments },
		);
		const inbox: Inbox = new Inbox(tre, modem, memory, new Applications(options.state));
		modem.recover();
		const abort = () => {
			bell.ring();
			// A step under way ends with its wires.
			modem.close();
			void tre.close();
		};
		stopped.addEventListener("abort", abort);
		try {
			await work(new Equipment(tre, modem, memory, inbox, options.dm, holdOff), bell, stopped);
			if (bell.lost !== undefined && !stopped.aborted) throw new Error(bell.lost);
		} finally {
			stopped.removeEventListener("abort", abort);
			modem.close();
		}
	} finally {
		const { busyMs, ...counters } = tre.link.counters;
		emit({ event: "timings", ms: { line: busyMs } });
		emit({ event: "link", port, counters });
		await tre.close();
	}
}

/** Says what it waits for, and tries again for ever. */
async function main(): Promise<void> {
	const stop = new AbortController();
	process.on("SIGTERM", () => stop.abort());
	process.on("SIGINT", () => stop.abort());
	const memory = new Memory(options.state);
	const record = options.record === undefined ? undefined : recorder(options.record);
	const kept = { memory, segments: new SegmentStore(options.state), holdOff: new HoldOff(), record };
	if (options.treId !== undefined) memory.claim(options.treId);
	emit({ event: "ready", addresses: { port } });
	let pause = 0;
	while (!stop.signal.aborted) {
		const started = performance.now();
		try {
			await live(kept, stop.signal);
			if (options.once) process.exit();
		} catch (error) {
			pause = nextPause(passing, performance.now() - started > passing.longest ? 0 : pause);
			const next = options.once ? "" : `; next try in ${pause} ms`;
			emit({ event: "problem", what: `M2ME: ${inWords(error)}${next}` });
			if (options.once) process.exit(1);
			await sleep(pause, undefined, { signal: stop.signal }).catch(() => undefined);
		}
	}
	process.exit(0);
}

main().catch((error: Error) => {
	tellEnd("tre attach", error);
	process.exit(1);
});
