import { type Line, ptyLine } from "../../../firmware/emulator/lines.ts";
import { type FlashChip, PowerGone } from "./flash-chip.ts";

const ACK = 0x79;
const NACK = 0x1f;
const SYNC = 0x7f;
const commands = [0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x44, 0x63, 0x73, 0x82, 0x92];
/** Octets that a client begins with. */
const FIRST = 3;
const OPTION_BYTES = 0x1fff_c000;
const RAM = { base: 0x2000_0000, size: 128 * 1024 };

const xor = (octets: readonly number[]): number => octets.reduce((sum, octet) => sum ^ octet, 0);

/**
 * The ROM loader of an STM32F405 (AN3155, AN2606) as it is on its serial port: it waits for the octets of a command for ever,
 * and takes whatever comes for them.
 */
export class RomModel {
	readonly chip: FlashChip;
	productId = 0x413;
	/** It is not in its loader, or on other wires. */
	isDeaf = false;
	/** Milliseconds that what it says to the first octets is under way. */
	late = 0;
	/** Where it was told to go to; it hears nothing any more. */
	started: number | undefined;
	/** Octets that it was sent so far. */
	heard = 0;
	readonly #ram = Buffer.alloc(RAM.size);
	#loader: Generator<undefined, void, number>;
	#out: number[] = [];
	#line: Line | undefined;
	#cableAt: number | undefined;
	#gone: Promise<void> = Promise.resolve();
	/** Called for each octet, before it is worked on. */
	onOctet: (() => void) | undefined;

	constructor(chip: FlashChip) {
		this.chip = chip;
		this.#loader = this.#reset();
	}

	/** Reset with BOOT0 high, behind a new terminal; its name. */
	powerUp(): string {
		this.chip.powerUp();
		this.started = undefined;
		this.#loader = this.#reset();
		return this.plugIn();
	}

	/** The adapter is plugged in again; the loader is where it was. */
	plugIn(): string {
		this.#cableAt = undefined;
		this.#line = ptyLine((octets) => this.#hear(octets));
		return this.#line.port;
	}

	/** Another program's octets, whose answers went to that. */
	overhear(octets: Uint8Array): void {
		for (const octet of octets) this.#loader.next(octet);
		this.#out = [];
	}

	/** Pulls the adapter out when the loader has heard so many octets more. */
	pullAfter(octets: number): void {
		this.#cableAt = this.heard + octets;
	}

	/** Lets the supply go in the middle of an operation of the flash. */
	cutAt(operation: number): void {
		this.chip.cutAt(operation, () => void this.unplug());
	}

	/** Resolves when the terminal has gone, also where something else has pulled it. */
	unplug(): Promise<void> {
		const line = this.#line;
		this.#line = undefined;
		// Closed from within its own data, a terminal now and then does not tell the other end.
		if (line) this.#gone = new Promise<void>((resolve) => setImmediate(resolve)).then(() => line.close());
		return this.#gone;
	}

	#hear(octets: Uint8Array): void {
		if (this.isDeaf) return;
		for (const octet of octets) {
			if (!this.#line) return;
			if (this.heard === this.#cableAt) {
				void this.unplug();
				return;
			}
			this.heard++;
			this.onOctet?.();
			try {
				this.#loader.next(octet);
			} catch (error) {
				if (error instanceof PowerGone) return;
				throw error;
			}
		}
		const [line, said] = [this.#line, Uint8Array.from(this.#out)];
		this.#out = [];
		if (this.late > 0 && this.heard <= FIRST) setTimeout(() => line?.write(said), this.late);
		else line?.write(said);
	}

	#reset(): Generator<undefined, void, number> {
		const loader = this.#listen();
		loader.next();
		this.#out = [];
		return loader;
	}

	*#take(count: number): Generator<undefined, number[], number> {
		const octets: number[] = [];
		while (octets.length < count) octets.push(yield);
		return octets;
	}

	*#listen(): Generator<undefined, void, number> {
		while ((yield) !== SYNC);
		this.#out.push(ACK);
		while (this.started === undefined) {
			const [command = 0, complement = 0] = yield* this.#take(2);
			if ((command ^ complement) !== 0xff || !commands.includes(command)) this.#out.push(NACK);
			else yield* this.#obey(command);
		}
		for (;;) yield;
	}

	*#obey(command: number): Generator<undefined, void, number> {
		if (this.chip.isReadProtected && [0x11, 0x21, 0x31, 0x44, 0x63, 0x73].includes(command)) {
			this.#out.push(NACK);
			return;
		}
		this.#out.push(ACK);
		const known: Readonly<Record<number, () => Generator<undefined, boolean, number> | boolean>> = {
			0: () => this.#say(commands.length, 0x31, ...commands),
			1: () => this.#say(0x31, 0, 0),
			2: () => this.#say(1, this.productId >> 8, this.productId & 0xff),
			17: () => this.#read(),
			33: () => this.#go(),
			49: () => this.#write(),
			68: () => this.#erase(),
		};
		const obeyed = known[command]?.() ?? false;
		const done = typeof obeyed === "boolean" ? obeyed : yield* obeyed;
		// What a read answers ends without an acknowledgement.
		if (!done) this.#out.push(NACK);
		else if (command !== 0x11) this.#out.push(ACK);
	}

	#say(...octets: number[]): boolean {
		this.#out.push(...octets);
		return true;
	}

	*#address(): Generator<undefined, number | undefined, number> {
		const octets = yield* this.#take(5);
		return xor(octets) === 0 ? Buffer.from(octets).readUInt32BE(0) : undefined;
	}

	*#read(): Generator<undefined, boolean, number> {
		const address = yield* this.#address();
		if (address === undefined) return false;
		this.#out.push(ACK);
		const [count = 0, complement = 0] = yield* this.#take(2);
		const octets = this.#memory(address, count + 1);
		if ((count ^ complement) !== 0xff || !octets) return false;
		this.#out.push(ACK, ...octets);
		return true;
	}

	*#write(): Generator<undefined, boolean, number> {
		const address = yield* this.#address();
		if (address === undefined || address % 4 !== 0) return false;
		this.#out.push(ACK);
		const [count = 0] = yield* this.#take(1);
		const octets = yield* this.#take(count + 2);
		if ((xor(octets) ^ count) !== 0) return false;
		const data = Uint8Array.from(octets.slice(0, -1));
		if (address >= RAM.base && address + data.length <= RAM.base + RAM.size) {
			this.#ram.set(data, address - RAM.base);
			return true;
		}
		return this.#isFlash(address, data.length) && this.chip.program(address, data);
	}

	*#erase(): Generator<undefined, boolean, number> {
		const head = yield* this.#take(2);
		const count = Buffer.from(head).readUInt16BE(0);
		if (count >= 0xfff0) {
			const [sum] = yield* this.#take(1);
			if (sum !== xor(head) || count !== 0xffff) return false;
			return [...this.chip.board.flash.sectors.keys()].every((sector) => this.chip.erase(sector));
		}
		const octets = yield* this.#take(2 * (count + 1) + 1);
		if (xor([...head, ...octets]) !== 0) return false;
		const sectors = Array.from({ length: count + 1 }, (_, n) => Buffer.from(octets).readUInt16BE(2 * n));
		return sectors.every((sector) => sector < this.chip.board.flash.sectors.length && this.chip.erase(sector));
	}

	*#go(): Generator<undefined, boolean, number> {
		const address = yield* this.#address();
		if (address === undefined) return false;
		this.started = address;
		return true;
	}

	#isFlash(address: number, length: number): boolean {
		const from = address - this.chip.board.flash.base;
		return from >= 0 && from + length <= this.chip.octets.length;
	}

	#memory(address: number, length: number): Uint8Array | undefined {
		if (this.#isFlash(address, length)) return this.chip.at(address, length);
		if (address >= RAM.base && address + length <= RAM.base + RAM.size)
			return this.#ram.subarray(address - RAM.base, address - RAM.base + length);
		if (address < OPTION_BYTES || address + length > OPTION_BYTES + 16) return undefined;
		const options = Buffer.alloc(16, 0xff);
		const locked = this.chip.writeProtected.reduce((bits, sector) => bits & ~(1 << sector), 0xfff);
		for (const [at, value] of [
			[0, 0xaaef],
			[8, 0xf000 | locked],
		] as const) {
			options.writeUInt16LE(value, at);
			options.writeUInt16LE(~value & 0xffff, at + 2);
		}
		return options.subarray(address - OPTION_BYTES, address - OPTION_BYTES + length);
	}
}
