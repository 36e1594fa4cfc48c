/** How long a step that fails has to wait, in milliseconds: longer each time. */
export interface Pauses {
	readonly first: number;
	readonly longest: number;
}

/** What may be mended by what is on its way: another message, another bearer. */
export const passing: Pauses = { first: 250, longest: 15_000 };
/** What somebody has decided: a server that refuses this TRE. */
export const refusing: Pauses = { first: 30_000, longest: 3_600_000 };

/** The pause after another failure, `before` being the last one; 0 where there was none. Pure. */
export const nextPause = ({ first, longest }: Pauses, before: number): number =>
	Math.min(before === 0 ? first : Math.max(2 * before, first), longest);

/** It is too early for this step; `ms` from now it is not. */
export class TooEarly extends Error {
	readonly ms: number;

	constructor(ms: number) {
		super(`not before ${Math.ceil(ms / 1000)} s`);
		this.ms = ms;
	}
}

/**
 * Keeps a refused request from being made again too soon, whatever else happens meanwhile. What is asked for has a name: a
 * request for another thing is another one.
 */
export class HoldOff {
	readonly #now: () => number;
	#subject = "";
	#pause = 0;
	#until = 0;

	constructor(now: () => number = () => performance.now()) {
		this.#now = now;
	}

	/** Throws TooEarly while the subject is held off. */
	check(subject: string): void {
		const left = this.#until - this.#now();
		if (subject === this.#subject && left > 0) throw new TooEarly(left);
	}

	/** The subject was refused. Answers the pause. */
	refused(subject: string): number {
		this.#pause = nextPause(refusing, subject === this.#subject ? this.#pause : 0);
		this.#subject = subject;
		this.#until = this.#now() + this.#pause;
		return this.#pause;
	}
}
