import type { FlashChip } from "../flash-chip.ts";
import { DebuggedChip } from "./debugged-chip.ts";

const registers = {
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

/** An STM32F405 as a debugger sees it (RM0090 clause 3): its flash has a controller. */
export class Stm32f405 extends DebuggedChip {
	deviceId = 0x1007_6413;
	#keys = 0;
	#control = LOCKED;
	#status = 0;

	readonly configuration = ["source [find target/stm32f4x.cfg]"];

	constructor(chip: FlashChip) {
		super(chip, 128 * 1024);
	}

	protected resetPeripherals(): void {
		this.#control = LOCKED;
		this.#status = 0;
		this.#keys = 0;
	}

	protected readPeripheral(address: number): number | undefined {
		switch (address) {
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
				return undefined;
		}
	}

	#options(): number {
		const locked = this.chip.writeProtected.reduce((bits, sector) => bits & ~(1 << sector), 0xfff);
		return (locked << 16) | (this.chip.isReadProtected ? 0x55 << 8 : 0xaa << 8) | 0xed;
	}

	protected writePeripheral(address: number, value: number): boolean {
		switch (address) {
			case registers.flashKey:
				this.#keys = value === keys[this.#keys] ? this.#keys + 1 : 0;
				if (this.#keys === keys.length) this.#control = 0;
				return true;
			case registers.flashStatus:
				this.#status &= ~value;
				return true;
			case registers.flashControl:
				this.#command(value);
				return true;
			default:
				return false;
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

	protected program(address: number, octets: Buffer): void {
		if ((this.#control & (LOCKED | PROGRAM)) !== PROGRAM) this.#status |= SEQUENCE;
		else if (1 << ((this.#control >> 8) & 3) !== octets.length) this.#status |= PARALLELISM;
		else if (!this.chip.program(address, octets)) this.#status |= PROTECTED;
	}
}
