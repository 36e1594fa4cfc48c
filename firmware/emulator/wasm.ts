import { loadArtefacts } from "./artefacts.ts";
import { defaultGeometry } from "./flash.ts";
import { FlashFile } from "./flash-file.ts";
import { type Line, ptyLine, tcpLine } from "./lines.ts";
import { Machine } from "./machine.ts";
import { Power, PowerCut } from "./power.ts";
import type { StateFolder } from "./state-folder.ts";
import type { Tre } from "./tre.ts";

const TICK_MS = 500;

export interface WasmOptions {
	readonly folder: StateFolder;
	/** A loopback port in place of a pseudo-terminal (0: any). */
	readonly tcp?: number;
	readonly measured: boolean;
	readonly onTrap: (error: Error) => void;
}

/** `tre.wasm` in this process. After a power cut that a rig asked for, the power comes back. */
export class WasmTre implements Tre {
	readonly #flash: FlashFile;
	readonly #power: Power;
	readonly #line: Line;
	readonly #make: () => Machine;
	readonly #timer: NodeJS.Timeout;
	#machine: Machine;

	private constructor(flash: FlashFile, power: Power, line: Line, make: () => Machine) {
		this.#flash = flash;
		this.#power = power;
		this.#line = line;
		this.#make = make;
		this.#machine = make();
		this.#timer = setInterval(() => this.#run((machine) => machine.tick()), TICK_MS);
	}

	static async start({ folder, tcp, measured, onTrap }: WasmOptions): Promise<WasmTre> {
		const power = new Power(folder.path);
		const { rootKey } = folder.device(defaultGeometry.sectorSize * defaultGeometry.sectorCount);
		const flash = new FlashFile(folder.flashPath, defaultGeometry, power);
		const receive = (octets: Uint8Array): void => tre.#run((machine) => machine.receive(octets));
		const line = tcp === undefined ? ptyLine(receive) : await tcpLine(tcp, receive);
		const make = (): Machine =>
			new Machine({
				...loadArtefacts(),
				flash,
				rootKey,
				uartWrite: (octets) => line.write(octets),
				seconds: () => Math.floor(performance.now() / 1000),
				...(measured ? { clock: () => performance.now() } : {}),
				onTrap,
			});
		const tre: WasmTre = new WasmTre(flash, power, line, make);
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
	}

	#run(step: (machine: Machine) => void): void {
		try {
			step(this.#machine);
		} catch (error) {
			if (!(error instanceof PowerCut)) throw error;
			this.#power.restore();
			// The next cut may come while it boots.
			this.#run(() => {
				this.#machine = this.#make();
			});
		}
	}
}
