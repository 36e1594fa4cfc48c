import type { Flash } from "./flash.ts";
import { PowerCut } from "./power.ts";

/** Why a slot does not start (`firmware/boot/boot.h`), by number. */
const faults = ["", "has no firmware for this device", "is not as its header says", "is not signed by this factory"];

/** No slot holds a firmware that may start; the message says why of each. */
export class NothingStarts extends Error {}

interface BootExports {
	memory: WebAssembly.Memory;
	boot_scratch_at(): number;
	boot_flash_size(): number;
	boot_slot_size(): number;
	boot_slot_place(slot: number): number;
	boot_select(faults: number): number;
	boot_header_fault(header: number, slot: number): number;
	boot_image_fault(slot: number): number;
	boot_record_packed(): number;
	boot_record_choose(slot: number, confirmed: number): number;
	boot_record_confirm(): number;
}

const SLOTS = 2;
const FAILED = -1;
/** Of a packed record. */
const CONFIRMED = 0x100;

/** What a firmware may do to the slots: the imports of the module `update` (`firmware/tre/platform/update.ts`). */
export interface UpdatePort {
	readonly slotSize: number;
	readonly running: number;
	read(slot: number, offset: number, target: Uint8Array): void;
	/** 0 on success, as of all that follow. */
	program(slot: number, offset: number, octets: Uint8Array): number;
	erase(slot: number): number;
	headerFault(header: Uint8Array, slot: number): number;
	imageFault(slot: number): number;
	record(): number;
	choose(slot: number, confirmed: number): number;
	confirm(): number;
}

/** 0 when it is done and durable, FAILED where the flash did not take it. */
function durably(flash: Flash, change: () => void): number {
	try {
		change();
		flash.sync();
		return 0;
	} catch (error) {
		if (error instanceof PowerCut) throw error;
		return FAILED;
	}
}

/** The boot stage that every board has (`firmware/boot`), as WASM, on a flash of records and slots. */
export class BootStage {
	readonly #flash: Flash;
	readonly #exports: BootExports;

	constructor(module: WebAssembly.Module, flash: Flash) {
		this.#flash = flash;
		const view = (at: number, length: number) => new Uint8Array(this.#exports.memory.buffer, at, length);
		const instance = new WebAssembly.Instance(module, {
			flash: {
				read: (address: number, out: number, length: number) => {
					flash.read(address, view(out, length));
					return 0;
				},
				program: (address: number, octets: number, length: number) =>
					durably(flash, () => flash.program(address, view(octets, length).slice())),
				erase: (address: number, length: number) =>
					durably(flash, () => {
						for (let at = address; at < address + length; at += flash.sectorSize) flash.erase(at / flash.sectorSize);
					}),
			},
		});
		this.#exports = instance.exports as unknown as BootExports;
	}

	/** The slot that starts now; what a trial costs is written down. Throws `NothingStarts`. */
	select(): number {
		const at = this.#exports.boot_scratch_at();
		const slot = this.#exports.boot_select(at);
		if (slot >= 0) return slot;
		const found = new Uint32Array(this.#exports.memory.buffer, at, SLOTS);
		const said = [...found].map((fault, n) => `slot ${"AB"[n]} ${faults[fault] ?? "cannot be read"}`);
		throw new NothingStarts(said.join(", "));
	}

	/** Nothing was ever updated: slot A is what starts. */
	get isAsFlashed(): boolean {
		return this.#exports.boot_record_packed() === FAILED;
	}

	/** What stands in that slot was not confirmed yet. */
	isOnTrial(slot: number): boolean {
		const packed = this.#exports.boot_record_packed();
		return packed !== FAILED && (packed & 0xff) === slot && (packed & CONFIRMED) === 0;
	}

	/** Where a slot stands in the flash. */
	place(slot: number): number {
		return this.#exports.boot_slot_place(slot);
	}

	/** As `tre flash` has it: this in slot A, and no records. The header goes last. */
	flash(octets: Uint8Array, headerSize: number): void {
		const place = this.place(0);
		const flash = this.#flash;
		for (let at = place; at < place + this.#exports.boot_slot_size(); at += flash.sectorSize)
			flash.erase(at / flash.sectorSize);
		flash.program(place + headerSize, octets.subarray(headerSize));
		for (let at = 0; at < place; at += flash.sectorSize) flash.erase(at / flash.sectorSize);
		flash.program(place, octets.subarray(0, headerSize));
		flash.sync();
	}

	/** The running firmware's part of it. */
	port(running: number): UpdatePort {
		const exports = this.#exports;
		const place = (slot: number): number => this.place(slot);
		/** The running slot is never written, whatever is asked for. */
		const other = (slot: number, change: () => void): number =>
			slot === 1 - running ? durably(this.#flash, change) : FAILED;
		const slotSize = exports.boot_slot_size();
		return {
			slotSize,
			running,
			read: (slot, offset, target) => this.#flash.read(place(slot) + offset, target),
			program: (slot, offset, octets) => other(slot, () => this.#flash.program(place(slot) + offset, octets)),
			erase: (slot) =>
				other(slot, () => {
					for (let at = 0; at < slotSize; at += this.#flash.sectorSize)
						this.#flash.erase((place(slot) + at) / this.#flash.sectorSize);
				}),
			headerFault: (header, slot) => {
				const at = exports.boot_scratch_at();
				new Uint8Array(exports.memory.buffer, at, header.length).set(header);
				return exports.boot_header_fault(at, slot);
			},
			imageFault: (slot) => exports.boot_image_fault(slot),
			record: () => exports.boot_record_packed(),
			choose: (slot, confirmed) => exports.boot_record_choose(slot, confirmed),
			confirm: () => exports.boot_record_confirm(),
		};
	}
}
