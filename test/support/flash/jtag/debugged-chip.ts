import type { FlashChip } from "../flash-chip.ts";
import type { Bus } from "./debug-port.ts";

const registers = {
	cpuId: 0xe000_ed00,
	reset: 0xe000_ed0c,
	faults: 0xe000_ed30,
	halting: 0xe000_edf0,
	select: 0xe000_edf4,
	data: 0xe000_edf8,
	monitor: 0xe000_edfc,
	breakpoints: 0xe000_2000,
	watchpoints: 0xe000_1000,
} as const;

const RAM = 0x2000_0000;

/**
 * A chip with a Cortex-M4 as a debugger sees it (ARMv7-M part C): its core halts, is reset and has registers. No code runs in it.
 */
export abstract class DebuggedChip implements Bus {
	readonly chip: FlashChip;
	resets = 0;
	/** The core runs, as far as a debugger can tell. */
	isHalted = false;
	readonly #ram: Buffer;
	readonly #other = new Map<number, number>();
	readonly #core = new Array<number>(128).fill(0);
	#hasDebug = false;
	#wasReset = true;
	#monitor = 0;
	#data = 0;

	/** `ram`: octets. */
	constructor(chip: FlashChip, ram: number) {
		this.chip = chip;
		this.#ram = Buffer.alloc(ram);
	}

	/** OpenOCD's words for what is behind the adapter. */
	abstract readonly configuration: readonly string[];

	reset(): void {
		this.resets++;
		Object.assign(this, { isHalted: (this.#monitor & 1) === 1 });
		this.resetPeripherals();
		this.#wasReset = true;
		this.#core[13] = this.chip.octets.readUInt32LE(0);
		this.#core[15] = (this.chip.octets.readUInt32LE(4) & ~1) >>> 0;
		this.#core[16] = 0x0100_0000;
	}

	protected abstract resetPeripherals(): void;
	/** A register of the chip's own; undefined where there is none. */
	protected abstract readPeripheral(address: number): number | undefined;
	/** False where it has no such register. */
	protected abstract writePeripheral(address: number, value: number): boolean;
	/** A write into the flash, by whoever may. */
	protected abstract program(address: number, octets: Buffer): void;

	read(address: number): number {
		const memory = this.#memory(address, 4);
		return memory ? memory.readUInt32LE(0) : (this.readPeripheral(address) ?? this.#readRegister(address));
	}

	write(address: number, value: number, size: number): void {
		if (address >= RAM && address + size <= RAM + this.#ram.length) this.#ram.writeUIntLE(value, address - RAM, size);
		else if (this.#memory(address, size)) {
			const octets = Buffer.alloc(size);
			octets.writeUIntLE(value, 0, size);
			this.program(address, octets);
		} else if (!this.writePeripheral(address, value)) this.#writeRegister(address, value);
	}

	#memory(address: number, size: number): Buffer | undefined {
		const from = address - this.chip.board.flash.base;
		if (from >= 0 && from + size <= this.chip.octets.length) return this.chip.octets.subarray(from, from + size);
		const inRam = address - RAM;
		return inRam >= 0 && inRam + size <= this.#ram.length ? this.#ram.subarray(inRam, inRam + size) : undefined;
	}

	#readRegister(address: number): number {
		switch (address) {
			case registers.cpuId:
				return 0x410f_c241;
			case registers.faults:
				return 1;
			case registers.halting:
				return this.#halting();
			case registers.data:
				return this.#data;
			case registers.monitor:
				return this.#monitor;
			case registers.breakpoints:
				return 0x260 | ((this.#other.get(address) ?? 0) & 1);
			case registers.watchpoints:
				return 0x4000_0000;
			default:
				return this.#other.get(address) ?? 0;
		}
	}

	/** S_REGRDY, C_DEBUGEN, C_HALT with S_HALT, and S_RESET_ST until it has been read. */
	#halting(): number {
		const value =
			0x1_0000 | (this.#hasDebug ? 1 : 0) | (this.isHalted ? 0x2_0002 : 0) | (this.#wasReset ? 0x200_0000 : 0);
		this.#wasReset = false;
		return value;
	}

	#writeRegister(address: number, value: number): void {
		switch (address) {
			case registers.halting:
				if (value >>> 16 !== 0xa05f) return;
				this.#hasDebug = (value & 1) === 1;
				this.isHalted = (value & 2) !== 0 || (this.isHalted && (value & 4) !== 0);
				return;
			case registers.select:
				if (value & 0x1_0000) this.#core[value & 0x7f] = this.#data;
				else this.#data = this.#core[value & 0x7f] ?? 0;
				return;
			case registers.data:
				this.#data = value;
				return;
			case registers.monitor:
				this.#monitor = value;
				return;
			case registers.reset:
				if (value >>> 16 === 0x05fa && value & 5) this.reset();
				return;
			default:
				this.#other.set(address, value);
		}
	}
}
