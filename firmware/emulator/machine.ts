import type { UpdatePort } from "./boot-stage.ts";
import { CryptoSide } from "./crypto-side.ts";
import type { Flash } from "./flash.ts";
import { PowerCut } from "./power.ts";

const FAILED = -1;

interface TreExports {
	memory: WebAssembly.Memory;
	boot(trapped: number): void;
	lineBuffer(): number;
	lineSize(): number;
	receive(length: number): void;
	tick(): void;
	executingId(): number;
}

export interface MachineParts {
	readonly tre: WebAssembly.Module;
	readonly crypto: WebAssembly.Module;
	readonly flash: Flash;
	/** 32 octets; the crypto side alone sees them. */
	readonly rootKey: Uint8Array;
	readonly uartWrite: (octets: Uint8Array) => void;
	readonly seconds: () => number;
	/** Milliseconds; where it is there, the time spent on the crypto side is measured. */
	readonly clock?: () => number;
	readonly onTrap?: (error: Error) => void;
	/** The slots for firmware; without them this one is not updated. */
	readonly update?: UpdatePort;
	/** Each new instance of both modules, for tests that look inside. */
	readonly onInstances?: (tre: WebAssembly.Exports, crypto: WebAssembly.Exports) => void;
	/** Imports of a firmware that a test has built with more than the TRE needs. */
	readonly imports?: WebAssembly.Imports;
}

/**
 * A TRE: `tre.wasm` beside `mbedtls.wasm`, each with its own memory, on a flash. What was programmed
 * is durable before an octet leaves. A trap ends both instances; new ones answer for the request.
 */
export class Machine {
	readonly #parts: MachineParts;
	#tre: TreExports;
	#crypto: CryptoSide;
	#spentMs = 0;
	#ticked = 0;
	#cryptoMs = 0;
	/** The firmware wants the device to start anew, once its answer has left. */
	restartAsked = false;

	constructor(parts: MachineParts) {
		this.#parts = parts;
		[this.#tre, this.#crypto] = this.#instantiate();
		this.#tre.boot(-1);
		parts.flash.sync();
	}

	/** Octets from the line; time passes in between, however many there are. */
	receive(octets: Uint8Array): void {
		const room = this.#tre.lineSize();
		for (let at = 0; at < octets.length; at += room) {
			this.#tickWhenDue();
			const part = octets.subarray(at, at + room);
			this.#guarded(() => {
				this.#memory().set(part, this.#tre.lineBuffer());
				this.#tre.receive(part.length);
			});
		}
		this.#parts.flash.sync();
	}

	/** To be called at least once a second. */
	tick(): void {
		this.#ticked = this.#parts.seconds();
		this.#guarded(() => this.#tre.tick());
		this.#parts.flash.sync();
	}

	#tickWhenDue(): void {
		if (this.#parts.seconds() !== this.#ticked) this.tick();
	}

	/** Milliseconds in the TRE in all, and of these on the crypto side. */
	get timings(): { tre: number; crypto: number } {
		return { tre: this.#spentMs, crypto: this.#cryptoMs + this.#crypto.spentMs };
	}

	/** Copies of both memories, for tests that search them. */
	memories(): { tre: Uint8Array; crypto: Uint8Array } {
		return { tre: this.#memory().slice(), crypto: new Uint8Array(this.#crypto.memory.buffer).slice() };
	}

	#memory(): Uint8Array {
		return new Uint8Array(this.#tre.memory.buffer);
	}

	#guarded(step: () => void): void {
		const started = performance.now();
		try {
			step();
		} catch (error) {
			if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) throw error;
			this.#parts.onTrap?.(error as Error);
			const trapped = this.#tre.executingId();
			this.#cryptoMs += this.#crypto.spentMs;
			[this.#tre, this.#crypto] = this.#instantiate();
			this.#tre.boot(trapped);
		}
		this.#spentMs += performance.now() - started;
	}

	#instantiate(): [TreExports, CryptoSide] {
		const { flash } = this.#parts;
		const crypto = new CryptoSide(this.#parts.crypto, this.#parts.rootKey, this.#parts.clock);
		let exports: TreExports | undefined;
		let view = new Uint8Array(0);
		const memory = (): Uint8Array => {
			const { buffer } = (exports as TreExports).memory;
			if (view.buffer !== buffer) view = new Uint8Array(buffer);
			return view;
		};
		const text = (value: string) => (out: number, size: number) => {
			const octets = new TextEncoder().encode(value).subarray(0, size);
			memory().set(octets, out);
			return octets.length;
		};
		const within = (address: number, size: number) =>
			(address >>> 0) + (size >>> 0) <= flash.sectorSize * flash.sectorCount;
		/** A flash that does not take what it is given is the TRE's to deal with. */
		const attempt = (change: () => void): number => {
			try {
				change();
				return 0;
			} catch (error) {
				if (error instanceof PowerCut) throw error;
				return FAILED;
			}
		};
		const instance = new WebAssembly.Instance(this.#parts.tre, {
			...this.#parts.imports,
			crypto: crypto.imports(memory),
			flash: {
				sector_size: () => flash.sectorSize,
				sector_count: () => flash.sectorCount,
				read: (address: number, out: number, size: number) => {
					if (!within(address, size)) return FAILED;
					flash.read(address, memory().subarray(out, out + size));
					return 0;
				},
				program: (address: number, input: number, size: number) => {
					if (!within(address, size)) return FAILED;
					return attempt(() => flash.program(address, memory().slice(input, input + size)));
				},
				erase: (sector: number) => {
					if (sector >>> 0 >= flash.sectorCount) return FAILED;
					return attempt(() => flash.erase(sector));
				},
			},
			update: updateImports(this.#parts.update, memory, attempt, () => {
				this.restartAsked = true;
			}),
			board: {
				uart_write: (input: number, size: number) => {
					flash.sync();
					this.#parts.uartWrite(memory().slice(input, input + size));
				},
				seconds: () => this.#parts.seconds(),
				target: text("emulator"),
				entropy_name: text("os"),
			},
		});
		exports = instance.exports as unknown as TreExports;
		this.#parts.onInstances?.(instance.exports, crypto.exports);
		return [exports, crypto];
	}
}

/** The imports of the module `update`. */
function updateImports(
	port: UpdatePort | undefined,
	memory: () => Uint8Array,
	attempt: (change: () => void) => number,
	restart: () => void,
): Record<string, (...args: number[]) => number | undefined> {
	const octets = (at: number, length: number): Uint8Array => memory().slice(at, at + length);
	/** What fails in the flash is the TRE's to deal with, whatever of it failed. */
	const result = (run: (port: UpdatePort) => number): number => {
		let answer = FAILED;
		const failed = attempt(() => {
			answer = port ? run(port) : FAILED;
		});
		return failed === 0 ? answer : FAILED;
	};
	return {
		slot_size: () => port?.slotSize ?? 0,
		running: () => port?.running ?? 0,
		read: (slot, offset, out, size) =>
			result((slots) => {
				slots.read(slot, offset, memory().subarray(out, out + size));
				return 0;
			}),
		program: (slot, offset, input, length) =>
			result((slots) => slots.program(slot, offset >>> 0, octets(input, length))),
		erase: (slot) => result((slots) => slots.erase(slot)),
		header_fault: (header, length, slot) => result((slots) => slots.headerFault(octets(header, length), slot)),
		image_fault: (slot) => result((slots) => slots.imageFault(slot)),
		record: () => result((slots) => slots.record()),
		choose: (slot, confirmed) => result((slots) => slots.choose(slot, confirmed)),
		confirm: () => result((slots) => slots.confirm()),
		restart: () => {
			restart();
			return undefined;
		},
	};
}
