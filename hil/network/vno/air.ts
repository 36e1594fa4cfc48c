import { existsSync, readFileSync } from "node:fs";
import { Refusal } from "../shared/refusal.ts";

/** How the air treats short messages; shares of them, 0 … 1. */
export interface Air {
	readonly loss: number;
	readonly duplicate: number;
	readonly reorder: number;
}

export const clearAir: Air = { loss: 0, duplicate: 0, reorder: 0 };

/** The kept state of the air; clear where nothing is said. */
export const readAir = (path: string): Air =>
	existsSync(path) ? { ...clearAir, ...(JSON.parse(readFileSync(path, "utf8")) as Partial<Air>) } : clearAir;

/** What was held back comes at the latest then. */
const HELD_MS = 200;

/** One device's way for short messages: they get lost, come twice, or after the next one. */
export class AirChannel {
	readonly #air: () => Air;
	readonly #random: () => number;
	#held: (() => void) | undefined;

	constructor(air: () => Air, random: () => number = Math.random) {
		this.#air = air;
		this.#random = random;
	}

	/**
	 * `transmit` puts the message on the air and waits for the device. Resolves when the network takes it for
	 * delivered, which is true of a held one before it is on the air.
	 */
	async deliver(transmit: () => Promise<void>): Promise<void> {
		const { loss, duplicate, reorder } = this.#air();
		if (this.#random() < loss) throw new Refusal("no-acknowledgement", "the device did not acknowledge", 504);
		if (this.#held === undefined && this.#random() < reorder) {
			this.#hold(transmit);
			return;
		}
		await transmit();
		if (this.#random() < duplicate) await transmit();
		this.#held?.();
	}

	#hold(transmit: () => Promise<void>): void {
		const release = () => {
			clearTimeout(timer);
			this.#held = undefined;
			transmit().catch(() => undefined);
		};
		const timer = setTimeout(release, HELD_MS);
		this.#held = release;
	}
}
