import { readFileSync } from "node:fs";
import { decodeParts } from "../contract/bundle.ts";
import { decodeHeader } from "../contract/image.ts";
import { builtFile } from "./artefacts.ts";
import { NothingStarts } from "./boot-stage.ts";
import { FirmwareSlots } from "./firmware-slots.ts";
import { defaultGeometry } from "./flash.ts";
import { FlashFile } from "./flash-file.ts";
import { type Line, ptyLine, tcpLine } from "./lines.ts";
import { Machine } from "./machine.ts";
import { Power, PowerCut } from "./power.ts";
import type { StateFolder } from "./state-folder.ts";
import type { Tre } from "./tre.ts";

const TICK_MS = 500;
/** Those of a trial, and some: a firmware that is all there is would be started for ever. */
const STARTS = 5;

export interface WasmOptions {
	readonly folder: StateFolder;
	/** A loopback port in place of a pseudo-terminal (0: any). */
	readonly tcp?: number;
	readonly measured: boolean;
	/** The firmware that was built here, whatever an update has brought. */
	readonly reflash?: boolean;
	readonly onTrap: (error: Error) => void;
	/** Something that its owner should know of the firmware that runs. */
	readonly onNotice: (what: string) => void;
	/** No firmware is left that starts. */
	readonly onDied: (why: string) => void;
}

interface Parts {
	readonly flash: FlashFile;
	readonly slots: FirmwareSlots;
	readonly power: Power;
	readonly line: Line;
	readonly make: () => Machine;
	readonly onDied: (why: string) => void;
}

/** The bundle of the emulator that the set-up has built: its header and image for slot A. */
function builtFirmware(): Uint8Array {
	return decodeParts(readFileSync(builtFile("emulator.bundle"))).slots[0] as Uint8Array;
}

/** A device of this machine is flashed with what is built here, until an update takes its place. */
function flashBuild(slots: FirmwareSlots, { reflash = false, onNotice }: WasmOptions): void {
	const built = builtFirmware();
	if (slots.flashed(built, reflash)) return;
	onNotice(
		`an update has changed the firmware of this device; the one built here is ${decodeHeader(built).version}, and --reflash takes it`,
	);
}

/** `tre.wasm` in this process. After a power cut that a rig asked for, the power comes back. */
export class WasmTre implements Tre {
	readonly #flash: FlashFile;
	readonly #slots: FirmwareSlots;
	readonly #power: Power;
	readonly #line: Line;
	readonly #make: () => Machine;
	readonly #onDied: (why: string) => void;
	readonly #timer: NodeJS.Timeout;
	#machine: Machine;

	private constructor({ flash, slots, power, line, make, onDied }: Parts) {
		this.#flash = flash;
		this.#slots = slots;
		this.#power = power;
		this.#line = line;
		this.#make = make;
		this.#onDied = onDied;
		this.#machine = make();
		this.#timer = setInterval(() => this.#run((machine) => machine.tick()), TICK_MS);
	}

	static async start(options: WasmOptions): Promise<WasmTre> {
		const { folder, tcp, measured, onTrap } = options;
		const power = new Power(folder.path);
		const { rootKey } = folder.device(defaultGeometry.sectorSize * defaultGeometry.sectorCount);
		const flash = new FlashFile(folder.flashPath, defaultGeometry, power);
		const slots = new FirmwareSlots(folder.slotsPath, builtFile("boot.wasm"), power);
		flashBuild(slots, options);
		const receive = (octets: Uint8Array): void => tre.#run((machine) => machine.receive(octets));
		const line = tcp === undefined ? ptyLine(receive) : await tcpLine(tcp, receive);
		const started = (slot: number): Machine =>
			new Machine({
				...slots.firmware(slot),
				update: slots.boot.port(slot),
				flash,
				rootKey,
				uartWrite: (octets) => line.write(octets),
				seconds: () => Math.floor(performance.now() / 1000),
				...(measured ? { clock: () => performance.now() } : {}),
				onTrap,
			});
		const make = (): Machine => {
			for (let failed = 1; ; failed++) {
				const slot = slots.boot.select();
				try {
					return started(slot);
				} catch (error) {
					// As a fault at a board's start: it is reset, and has spent one of its starts.
					if (error instanceof PowerCut || !slots.boot.isOnTrial(slot) || failed > STARTS) throw error;
					onTrap(error as Error);
				}
			}
		};
		const tre: WasmTre = new WasmTre({ flash, slots, power, line, make, onDied: options.onDied });
		return tre;
	}

	get port(): string {
		return this.#line.port;
	}

	get timings() {
		return this.#machine.timings;
	}

	reset(): void {
		this.#run(() => {
			this.#machine = this.#make();
		});
	}

	async close(): Promise<void> {
		clearInterval(this.#timer);
		await this.#line.close();
		this.#flash.close();
		this.#slots.close();
	}

	#run(step: (machine: Machine) => void): void {
		try {
			step(this.#machine);
			if (this.#machine.restartAsked) this.#machine = this.#make();
		} catch (error) {
			if (error instanceof NothingStarts) {
				this.#onDied(error.message);
				return;
			}
			if (!(error instanceof PowerCut)) throw error;
			this.#power.restore();
			// The next cut may come while it boots.
			this.#run(() => {
				this.#machine = this.#make();
			});
		}
	}
}
