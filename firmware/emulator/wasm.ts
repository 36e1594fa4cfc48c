import { loadArtefacts } from "./artefacts.ts";
import { FlashFile } from "./flash-file.ts";
import { type Line, ptyLine, tcpLine } from "./lines.ts";
import { Machine } from "./machine.ts";
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

/** `tre.wasm` in this process. */
export class WasmTre implements Tre {
	readonly #flash: FlashFile;
	readonly #line: Line;
	readonly #machine: Machine;
	readonly #timer: NodeJS.Timeout;

	private constructor(flash: FlashFile, line: Line, machine: Machine) {
		this.#flash = flash;
		this.#line = line;
		this.#machine = machine;
		this.#timer = setInterval(() => machine.tick(), TICK_MS);
	}

	static async start({ folder, tcp, measured, onTrap }: WasmOptions): Promise<WasmTre> {
		const flash = new FlashFile(folder.flashPath);
		const receive = (octets: Uint8Array): void => machine.receive(octets);
		const line = tcp === undefined ? ptyLine(receive) : await tcpLine(tcp, receive);
		const machine: Machine = new Machine({
			...loadArtefacts(),
			flash,
			rootKey: folder.rootKey(),
			uartWrite: (octets) => line.write(octets),
			seconds: () => Math.floor(performance.now() / 1000),
			...(measured ? { clock: () => performance.now() } : {}),
			onTrap,
		});
		return new WasmTre(flash, line, machine);
	}

	get port(): string {
		return this.#line.port;
	}

	get timings() {
		return this.#machine.timings;
	}

	async close(): Promise<void> {
		clearInterval(this.#timer);
		await this.#line.close();
		this.#flash.close();
	}
}
