import type { Register, Tap } from "./tap.ts";

/** Memory as a debugger sees it; octets are little-endian in a value. */
export interface Bus {
	read(address: number): number;
	write(address: number, value: number, size: number): void;
}

const instructions = { abort: 0x8, dataPort: 0xa, accessPort: 0xb, id: 0xe } as const;
const OK = 2;
/** Power-up requests, and the acknowledgements one bit above. */
const POWER_UP = 0x5000_0000;
const identification: Readonly<Record<number, number>> = { 244: 0, 248: 0xe00f_f003, 252: 0x2477_0011 };

/** A JTAG debug port with one memory access port, AHB (ADIv5 clauses 2.2, 2.4 and 7.5). What is read comes with the scan after. */
export class DebugPort implements Tap {
	readonly instructionBits = 4;
	readonly afterReset = instructions.id;
	readonly #bus: Bus;
	#control = 0;
	#select = 0;
	#buffer = 0;
	#status = 0x2300_0052;
	#address = 0;
	#last = 0;

	constructor(bus: Bus) {
		this.#bus = bus;
	}

	capture(instruction: number): Register {
		if (instruction === instructions.id) return { value: 0x4ba0_0477, bits: 32 };
		const isAccess = instruction === instructions.dataPort || instruction === instructions.accessPort;
		if (isAccess) return { value: (this.#last >>> 0) * 8 + OK, bits: 35 };
		return { value: 0, bits: instruction === instructions.abort ? 35 : 1 };
	}

	/** Thirty-two bits, the register in two, and whether it is read. */
	update(instruction: number, scanned: number): void {
		const isRead = scanned % 2 === 1;
		const register = (Math.floor(scanned / 2) % 4) * 4;
		const value = Math.floor(scanned / 8);
		if (instruction === instructions.dataPort) {
			if (isRead) this.#last = this.#readPort(register);
			else this.#writePort(register, value);
		} else if (instruction === instructions.accessPort) {
			const whole = (this.#select & 0xf0) | register;
			if (isRead) this.#last = this.#buffer = this.#readAccess(whole);
			else this.#writeAccess(whole, value);
		}
	}

	#readPort(register: number): number {
		if (register === 4) return this.#control | ((this.#control & POWER_UP) << 1);
		if (register === 8) return this.#select;
		return register === 12 ? this.#buffer : 0;
	}

	#writePort(register: number, value: number): void {
		if (register === 4) this.#control = value & 0x5000_0fff;
		else if (register === 8) this.#select = value;
	}

	get #size(): number {
		return 1 << (this.#status & 3);
	}

	/** The address counts within a kilobyte or more; here 4 KiB, as an M4's does. */
	#step(): void {
		if (((this.#status >> 4) & 3) === 0) return;
		const within = 0xfff;
		this.#address = ((this.#address & ~within) | ((this.#address + this.#size) & within)) >>> 0;
	}

	#banked(register: number): number {
		return ((this.#address & ~15) + (register & 12)) >>> 0;
	}

	#readAccess(register: number): number {
		if (this.#select >>> 24 !== 0) return 0;
		if (register === 0) return this.#status;
		if (register === 4) return this.#address;
		if (register === 12) {
			const value = this.#bus.read((this.#address & ~3) >>> 0);
			this.#step();
			return value;
		}
		return (register & 0xf0) === 0x10 ? this.#bus.read(this.#banked(register)) : (identification[register] ?? 0);
	}

	#writeAccess(register: number, value: number): void {
		if (this.#select >>> 24 !== 0) return;
		if (register === 0) this.#status = (value & 0xff_ff37) | 0x40;
		else if (register === 4) this.#address = value;
		else if (register === 12) {
			const shift = 8 * (this.#address & 3);
			const mask = this.#size === 4 ? 0xffff_ffff : (1 << (8 * this.#size)) - 1;
			this.#bus.write(this.#address, ((value >>> shift) & mask) >>> 0, this.#size);
			this.#step();
		} else if ((register & 0xf0) === 0x10) this.#bus.write(this.#banked(register), value, 4);
	}
}
