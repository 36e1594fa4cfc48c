import { addressOf, areaOf, type FlashBoard } from "../../../host/flash/board.ts";
import { noise } from "./bundles.ts";

/** The supply has gone; nothing happens on the chip any more. */
export class PowerGone extends Error {}

/** The flash of a chip: bits only fall, sectors are erased, and the supply may go in the middle of either. */
export class FlashChip {
	readonly octets: Buffer;
	readonly board: FlashBoard;
	isReadProtected = false;
	writeProtected: readonly number[] = [];
	/** Erases and programmings so far. */
	operations = 0;
	/** Sectors that were erased, in order. */
	readonly erased: number[] = [];
	#cut: { at: number; gone: () => void } | undefined;

	constructor(board: FlashBoard) {
		this.board = board;
		this.octets = Buffer.alloc(areaOf(board, [...board.flash.sectors.keys()]).length, 0xff);
	}

	/** Lets the supply go in the middle of the operation of that number, counted from here on. */
	cutAt(operation: number, gone: () => void): void {
		this.#cut = { at: this.operations + operation, gone };
	}

	/** The supply is back, and stays. */
	powerUp(): void {
		this.#cut = undefined;
	}

	/** Something is in sectors that have something. */
	fill(seed: string, sectors: readonly number[]): void {
		const { address, length } = areaOf(this.board, sectors);
		noise(seed, length).copy(this.octets, address - this.board.flash.base);
	}

	area(sectors: readonly number[]): Buffer {
		const { address, length } = areaOf(this.board, sectors);
		return this.at(address, length);
	}

	at(address: number, length: number): Buffer {
		const from = address - this.board.flash.base;
		return this.octets.subarray(from, from + length);
	}

	/** False where the sector is protected. */
	erase(sector: number): boolean {
		if (this.writeProtected.includes(sector)) return false;
		const all = this.at(addressOf(this.board, sector), this.board.flash.sectors[sector] ?? 0);
		this.#operate(
			() => all.fill(0xff),
			() => all.subarray(0, all.length / 2).fill(0xff),
		);
		this.erased.push(sector);
		return true;
	}

	/** False where a bit would have to rise, or the sector is protected. */
	program(address: number, octets: Uint8Array): boolean {
		const cells = this.at(address, octets.length);
		if (this.writeProtected.some((sector) => this.#isIn(address, sector))) return false;
		if (octets.some((octet, n) => (octet & ~(cells[n] ?? 0)) !== 0)) return false;
		this.#operate(
			() => cells.set(octets),
			() => cells.set(octets.subarray(0, octets.length / 2)),
		);
		return true;
	}

	#isIn(address: number, sector: number): boolean {
		const from = addressOf(this.board, sector);
		return address >= from && address < from + (this.board.flash.sectors[sector] ?? 0);
	}

	#operate(whole: () => void, half: () => void): void {
		if (this.#cut && this.operations > this.#cut.at) throw new PowerGone();
		if (this.#cut?.at === this.operations++) {
			half();
			this.#cut.gone();
			throw new PowerGone();
		}
		whole();
	}
}
