import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** The power is off: nothing of the running TRE is left but its flash. */
export class PowerCut extends Error {}

/**
 * Power cuts where a rig wants them: a file `cut` in the device's folder, "OPERATIONS OCTETS". So many operations of the
 * flash from then on are whole, of the next one so many octets happen. The firmware of a board in QEMU reads the same
 * file (`power_qemu.c`).
 */
export class Power {
	readonly #path: string;
	#left: { operations: number; readonly octets: number } | undefined;

	constructor(folder: string) {
		this.#path = join(folder, "cut");
		this.restore();
	}

	/** It is on again, and nothing is planned. */
	restore(): void {
		this.#left = undefined;
		rmSync(this.#path, { force: true });
	}

	/** Octets of the next operation that still happen before the power is off; undefined where it holds. */
	octetsLeft(): number | undefined {
		if (!this.#left && existsSync(this.#path)) {
			const [operations, octets] = readFileSync(this.#path, "utf8").trim().split(" ").map(Number);
			if (operations !== undefined && octets !== undefined) this.#left = { operations, octets };
		}
		if (!this.#left) return undefined;
		return this.#left.operations-- > 0 ? undefined : this.#left.octets;
	}
}
