import type { Progress } from "./flash.ts";

/** Progress as people and machines are shown it. */
export interface Shown extends Progress {
	/** Of what is being done now; undefined while too little time has passed. */
	readonly octetsPerSecond: number | undefined;
	readonly isEnd: boolean;
}

const OFTEN_MS = 500;

/** Thins out progress, and knows how fast it is. Times are milliseconds of any clock. */
export class Meter {
	#thing = "";
	#began = 0;
	#told = 0;

	/** Undefined where it is not worth a word. */
	take(progress: Progress, now: number): Shown | undefined {
		const thing = `${progress.doing} ${progress.what}`;
		if (thing !== this.#thing) this.#begin(thing, now);
		const isEnd = progress.done >= progress.total;
		if (!isEnd && now - this.#told < OFTEN_MS) return undefined;
		this.#told = now;
		const passed = now - this.#began;
		const octetsPerSecond = passed > 0 ? Math.round((progress.done * 1000) / passed) : undefined;
		if (isEnd) this.#thing = "";
		return { ...progress, octetsPerSecond, isEnd };
	}

	/** What one erase, or one block, is told of comes at its end: it began when the thing before it ended. */
	#begin(thing: string, now: number): void {
		this.#thing = thing;
		this.#began = this.#told === 0 ? now : Math.max(this.#told, this.#began);
		this.#told = this.#began;
	}
}
