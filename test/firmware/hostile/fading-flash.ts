import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";

const UNIT = 4;

/** A flash under a power supply that fails: from some operation on nothing reaches it any more. */
export class FadingFlash extends FlashMemory {
	#left = Number.POSITIVE_INFINITY;

	/** The power fails after that many units and sectors. */
	failAfter(operations: number): void {
		this.#left = operations;
	}

	powerUp(): void {
		this.#left = Number.POSITIVE_INFINITY;
	}

	override program(address: number, octets: Uint8Array): void {
		for (let at = 0; at < octets.length && this.#left-- > 0; at += UNIT)
			super.program(address + at, octets.subarray(at, at + UNIT));
	}

	override erase(sector: number): void {
		if (this.#left-- > 0) super.erase(sector);
	}
}
