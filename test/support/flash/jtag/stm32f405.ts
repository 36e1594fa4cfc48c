import type { FlashChip } from "../flash-chip.ts";
import type { Bus } from "./debug-port.ts";

const RAM = { base: 0x2000_0000, size: 128 * 1024 };
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
	device: 0xe004_2000,
	flashSize: 0x1fff_7a20,
	flashAccess: 0x4002_3c00,
	flashKey: 0x4002_3c04,
	flashStatus: 0x4002_3c0c,
	flashControl: 0x4002_3c10,
	flashOptions: 0x4002_3c14,
} as const;

const keys = [0x4567_0123, 0xcdef_89ab] as const;
const LOCKED = 0x8000_0000;
const [PROGRAM, ERASE, MASS_ERASE, START] = [1, 2, 4, 1 << 16] as const;
/** Errors of the flash controller: sequence, parallelism, write protection. */
const [SEQUENCE, PARALLELISM, PROTECTED] = [0x80, 0x40, 0x10] as const;

/**
 * An STM32F405 as a debugger sees it (RM0090 clause 3, ARMv7-M part C): its core halts, is reset and has registers, its flash
 * has a controller. No code runs in it.
 */
export class Stm32f405 implements Bus {
	readonly chip: FlashChip;
	deviceId = 0x1007_6413;
	resets = 0;
	/** The core runs, as far as a debugger can tell. */
	isHalted = false;
	readonly #ram = Buffer.alloc(RAM.size);
	readonly #other = new Map<number, number>();
	readonly #core = new Array<number>(128).fill(0);
	#hasDebug = false;
	#wasReset = true;
	#monitor = 0;
	#data = 0;
	#keys = 0;
	#control = LOCKED;
	#status = 0;

	constructor(chip: FlashChip) {
		this.chip = chip;
	}

	reset(): void {
		this.resets++;
		Object.assign(this, { isHalted: (this.#monitor & 1) === 1 });
		this.#control = LOCKED;
		this.#status = 0;
		this.#keys = 0;
		this.#wasReset = true;
		this.#core[13] = this.chip.octets.readUInt32LE(0);
		this.#core[15] = (this.chip.octets.readUInt32LE(4) & ~1) >>> 0;
		this.#core[16] = 0x0100_0000;
	}

	read(address: number): number {
		const memory = this.#memory(address, 4);
		return memory ? memory.readUInt32LE(0) : this.#readRegister(address);
	}

	write(address: number, value: number, size: number): void {
		if (address >= RAM.base && address + size <= RAM.base + RAM.size)
			this.#ram.writeUIntLE(value, address - RAM.base, size);
		else if (this.#memory(address, size)) this.#program(address, value, size);
		else this.#writeRegister(address, value);
	}

	#memory(address: number, size: number): Buffer | undefined {
		const from = address - this.chip.board.flash.base;
		if (from >= 0 && from + size <= this.chip.octets.length) return this.chip.octets.subarray(from, from + size);
		const inRam = address - RAM.base;
		return inRam >= 0 && inRam + size <= RAM.size ? this.#ram.subarray(inRam, inRam + size) : undefined;
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
			case registers.device:
				return this.deviceId;
			case registers.flashSize:
				return 0x0400_ffff;
			case registers.flashStatus:
				return this.#status;
			case registers.flashControl:
				return this.#control;
			case registers.flashOptions:
				return this.#options();
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

	#options(): number {
		const locked = this.chip.writeProtected.reduce((bits, sector) => bits & ~(1 << sector), 0xfff);
		return (locked << 16) | (this.chip.isReadProtected ? 0x55 << 8 : 0xaa << 8) | 0xed;
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
			case registers.flashKey:
				this.#keys = value === keys[this.#keys] ? this.#keys + 1 : 0;
				if (this.#keys === keys.length) this.#control = 0;
				return;
			case registers.flashStatus:
				this.#status &= ~value;
				return;
			case registers.flashControl:
				this.#command(value);
				return;
			default:
				this.#other.set(address, value);
		}
	}

	#command(value: number): void {
		if (this.#control & LOCKED) return;
		this.#control = (value & ~START) >>> 0;
		if (value & LOCKED) this.#keys = 0;
		if ((value & START) === 0) return;
		const all = [...this.chip.board.flash.sectors.keys()];
		const sectors = value & MASS_ERASE ? all : value & ERASE ? [(value >> 3) & 15] : [];
		if (!sectors.every((sector) => this.chip.erase(sector))) this.#status |= PROTECTED;
	}

	#program(address: number, value: number, size: number): void {
		const octets = Buffer.alloc(size);
		octets.writeUIntLE(value, 0, size);
		if ((this.#control & (LOCKED | PROGRAM)) !== PROGRAM) this.#status |= SEQUENCE;
		else if (1 << ((this.#control >> 8) & 3) !== size) this.#status |= PARALLELISM;
		else if (!this.chip.program(address, octets)) this.#status |= PROTECTED;
	}
}
