import { type ChildProcess, spawn } from "node:child_process";
import {
	closeSync,
	constants,
	existsSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type FlashMap, flashBoardFile } from "./board-flash.ts";
import type { Tre } from "./tre.ts";

/** What `board.json` says of a board's QEMU machine. */
interface Machine {
	/** Which of QEMU's programs; that for Arm where nothing is said. */
	readonly program?: string;
	readonly machine: string;
	/** Which of the machine's serial ports the firmware uses. */
	readonly serial: number;
	/** Octets of a memory that QEMU keeps in a file, where the board has its flash there. */
	readonly memory?: number;
	/** What else the machine has to be told. */
	readonly arguments?: readonly string[];
}

const ARM = "qemu-system-arm";

/** Exit code of the firmware for a power cut that a rig asked for (`power_qemu.c`). */
const CUT = 75;
/** As shells have it, and setpriv. */
const NOT_FOUND = 127;
/** How soon QEMU has to say where its serial port is. */
const PATIENCE_MS = 20_000;
const RETRY_MS = 10;

/** In the device's folder. */
const files = { flash: "flash.bin", memory: "psram.bin", monitor: "qmp.sock", cut: "cut" } as const;

export interface QemuOptions {
	/** The device's folder: its flash is there. */
	readonly state: string;
	readonly board: string;
	/** A free loopback port in place of a pseudo-terminal. */
	readonly tcp?: number;
	/** Another machine code of the same board, started without its boot stage. */
	readonly firmware?: string;
	/** The firmware that is built here, whatever an update has brought. */
	readonly reflash?: boolean;
	/** Something that its owner should know of the firmware that runs. */
	readonly onNotice?: (what: string) => void;
	/** More arguments for QEMU, such as `-icount`. */
	readonly more?: readonly string[];
	/** The line is somewhere else: after a power cut QEMU has a new terminal. */
	readonly onPort: (device: string) => void;
	/** The terminal is about to go; until this returns nobody else gets one of its name. */
	readonly onGone: (device: string) => void;
	/** QEMU has ended, and nobody asked it to. */
	readonly onDied: (why: string) => void;
}

/** Whether whatever listens there says something. */
function answers(path: string): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(path);
		const settle = (answer: boolean) => () => {
			socket.destroy();
			resolve(answer);
		};
		socket.once("data", settle(true)).once("error", settle(false)).once("close", settle(false));
	});
}

const shared = (path: string): string => {
	// Runs as build/js/firmware/emulator, and from the source folder in tests.
	const candidates = [`../../../../${path}`, `../../${path}`].map((one) =>
		fileURLToPath(new URL(one, import.meta.url)),
	);
	return candidates.find((one) => existsSync(one)) ?? (candidates[1] as string);
};

/** What `board.json` says, as far as it is asked for here. */
interface Shape {
	readonly qemu?: Machine;
	readonly flash?: FlashMap | Omit<FlashMap, "bootStage">;
}

function shapeOf(board: string): Shape & { readonly qemu: Machine } {
	const folder = shared("firmware/boards");
	const fileOf = (name: string): string => join(folder, name, "board.json");
	const names = readdirSync(folder).filter((name) => existsSync(fileOf(name)));
	const shapes = new Map(names.map((name) => [name, JSON.parse(readFileSync(fileOf(name), "utf8")) as Shape]));
	const shape = shapes.get(board);
	if (shape?.qemu) return { ...shape, qemu: shape.qemu };
	const there = names.filter((name) => shapes.get(name)?.qemu).join(", ");
	throw new Error(
		shapes.has(board)
			? `QEMU has no machine for the board "${board}"; it has one for: ${there}`
			: `no board "${board}"; there are: ${there}`,
	);
}

function firmwareOf(board: string, file: string): string {
	const path = shared(`build/boards/${board}/qemu/${file}`);
	if (existsSync(path)) return path;
	throw new Error(
		`the firmware for ${board} has not been built: run npm run firmware -- --board ${board} --variant qemu`,
	);
}

/**
 * A board in QEMU, behind a pseudo-terminal of QEMU's own or a TCP port. It dies with this process, and the power comes
 * back after a cut.
 */
export class QemuTre implements Tre {
	port = "";
	readonly #options: QemuOptions;
	readonly #machine: Machine;
	readonly #program: string;
	/** Where the code comes from: QEMU loads it each time that it is switched on. */
	readonly #code: readonly string[];
	#child: ChildProcess | undefined;
	#held: number | undefined;
	#ended: Promise<number | null> = Promise.resolve(0);
	#closing = false;

	private constructor(options: QemuOptions) {
		this.#options = options;
		const { qemu, flash } = shapeOf(options.board);
		this.#machine = qemu;
		this.#program = qemu.program ?? ARM;
		const slots = flash && "bootStage" in flash && options.firmware === undefined ? flash : undefined;
		if (slots) this.#flash(slots);
		this.#code = slots
			? ["-device", `loader,file=${files.flash},addr=${slots.base},force-raw=on`]
			: ["-kernel", options.firmware ?? firmwareOf(options.board, "tre.elf")];
	}

	static async start(options: QemuOptions): Promise<QemuTre> {
		const tre = new QemuTre(options);
		await tre.#powerUp();
		return tre;
	}

	async close(): Promise<void> {
		this.#closing = true;
		this.#child?.kill("SIGTERM");
		await this.#ended;
		this.#release();
	}

	async #powerUp(): Promise<void> {
		const { state } = this.#options;
		for (const name of [files.cut, files.monitor]) rmSync(join(state, name), { force: true });
		const child = spawn("setpriv", ["--pdeathsig", "KILL", this.#program, ...this.#arguments()], {
			cwd: state,
			stdio: ["ignore", "pipe", "pipe"],
		});
		this.#child = child;
		let said = "";
		const output = (text: Buffer): void => {
			said = (said + text).slice(-4096);
		};
		child.stderr.on("data", output);
		this.#ended = new Promise((resolve) => {
			child.once("error", () => resolve(null));
			child.once("close", (code) => resolve(code));
		});
		void this.#ended.then((code) => this.#powerDown(code, said));
		const device = await this.#lineOf(child, () => said);
		// Its monitor greets when all of its devices are there, a port that it listens on among them.
		await this.#greeted(() => said);
		if (this.#options.tcp === undefined) {
			// QEMU looks once a second whether somebody has opened its terminal; a descriptor that nobody reads keeps it open.
			this.#held = openSync(device, constants.O_RDWR | constants.O_NOCTTY);
		}
		this.port = device;
		this.#options.onPort(device);
	}

	#arguments(): string[] {
		const { machine, serial, memory, arguments: needed = [] } = this.#machine;
		const unused = Array.from({ length: serial }, () => ["-serial", "null"]).flat();
		const { tcp, more = [] } = this.#options;
		const line = tcp === undefined ? "pty" : `tcp:127.0.0.1:${tcp},server=on,wait=off,nodelay=on`;
		return [
			...this.#code,
			...["-M", memory === undefined ? machine : `${machine},memory-backend=store`],
			...(memory === undefined ? [] : ["-object", this.#memoryFile(memory)]),
			...[...needed, "-display", "none", "-monitor", "none"],
			...["-semihosting-config", "enable=on,target=native", "-qmp", `unix:${files.monitor},server=on,wait=off`],
			...[...unused, "-serial", line, ...more],
		];
	}

	/** A board with slots is flashed with what is built here, until an update takes its place. */
	#flash(map: FlashMap): void {
		const { state, board, reflash = false, onNotice } = this.#options;
		const isBuilt = flashBoardFile(join(state, files.flash), map, firmwareOf(board, "tre.bundle"), reflash);
		if (!isBuilt)
			onNotice?.("an update has chosen the firmware of this device; --reflash takes the one that is built here");
	}

	#memoryFile(size: number): string {
		const path = join(this.#options.state, files.memory);
		if (!existsSync(path)) {
			writeFileSync(path, "", { mode: 0o600 });
			truncateSync(path, size);
		}
		return `memory-backend-file,id=store,size=${size},mem-path=${files.memory},share=on`;
	}

	/** Where the serial port is: QEMU says it, or we have. */
	#lineOf(child: ChildProcess, said: () => string): Promise<string> {
		const { tcp } = this.#options;
		return new Promise((resolve, reject) => {
			const fail = (why: string) => reject(new Error(`${this.#program}: ${why}\n${said().trim()}`));
			const timer = setTimeout(() => fail("says nothing of its serial port"), PATIENCE_MS);
			void this.#ended.then(() => fail("has ended; npm run firmware -- --board … installs it"));
			const settle = (device: string): void => {
				clearTimeout(timer);
				resolve(device);
			};
			if (tcp !== undefined) settle(`tcp://127.0.0.1:${tcp}`);
			let text = "";
			child.stdout?.on("data", (octets: Buffer) => {
				text += octets;
				const [, device] = /redirected to (\S+)/.exec(text) ?? [];
				if (device !== undefined) settle(device);
			});
		});
	}

	#greeted(said: () => string): Promise<void> {
		const path = join(this.#options.state, files.monitor);
		let ended = false;
		const gone = this.#ended.then(() => {
			ended = true;
			throw new Error(`${this.#program} has ended\n${said().trim()}`);
		});
		const greeted = (async () => {
			while (!ended && !(await answers(path))) await sleep(RETRY_MS);
		})();
		return Promise.race([greeted, gone]);
	}

	/** A cut that a rig asked for ends with power again; anything else is the end. */
	#powerDown(code: number | null, said: string): void {
		if (!this.#closing) this.#options.onGone(this.port);
		this.#release();
		if (this.#closing) return;
		if (code !== CUT) {
			const advice = code === null || code === NOT_FOUND ? "; npm run firmware -- --board … installs it" : "";
			this.#options.onDied(`${this.#program} ended with code ${code}${advice}\n${said.trim()}`);
			return;
		}
		this.#powerUp().catch((error: Error) => this.#options.onDied(error.message));
	}

	#release(): void {
		if (this.#held !== undefined) closeSync(this.#held);
		this.#held = undefined;
	}
}
