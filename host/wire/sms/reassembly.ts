import type { Ports, UserData } from "./user-data.ts";

export interface ReassemblyLimits {
	/** Messages that are being put together at once. */
	readonly maxMessages?: number;
	/** Octets of all segments that are kept. */
	readonly maxOctets?: number;
	/** Milliseconds after the last segment until an unfinished message is given up. */
	readonly timeoutMs?: number;
}

/** A message that has all its segments. */
export interface Reassembled {
	readonly originator: string;
	readonly ports?: Ports;
	readonly data: Buffer;
}

interface Unfinished {
	readonly originator: string;
	readonly segments: Map<number, Uint8Array>;
	readonly total: number;
	readonly begun: number;
	last: number;
	octets: number;
}

/**
 * Puts concatenated short messages together again: in any order, interleaved, with repetitions. Where a reference comes
 * again with another segment in a place that is taken, a new message has begun. Bounded in
 * messages and octets. Where there is no room, an originator with the most unfinished messages loses the one of
 * which the least has come, the oldest of those first: a flood of first segments displaces itself, and not what
 * is further on.
 */
export class Reassembly {
	readonly #limits: Required<ReassemblyLimits>;
	readonly #unfinished = new Map<string, Unfinished>();
	#octets = 0;
	#order = 0;

	constructor(limits: ReassemblyLimits = {}) {
		this.#limits = { maxMessages: 64, maxOctets: 256 * 1024, timeoutMs: 300_000, ...limits };
	}

	/** Messages and octets that are kept now. */
	get kept(): { readonly messages: number; readonly octets: number } {
		return { messages: this.#unfinished.size, octets: this.#octets };
	}

	/** Messages that may still become whole at this time, in milliseconds. */
	unfinished(now: number): number {
		this.#giveUp(now);
		return this.#unfinished.size;
	}

	/** Takes a segment at a time in milliseconds; answers the message where it was the last one missing. */
	take(message: UserData & { readonly originator: string }, now: number): Reassembled | undefined {
		this.#giveUp(now);
		const { originator, ports, concatenation, data } = message;
		if (!concatenation) return { originator, ...(ports ? { ports } : {}), data: Buffer.from(data) };
		const { reference, bits, total, sequence } = concatenation;
		const key = [originator, ports?.destination, ports?.source, bits, reference, total].join(" ");
		const found = this.#unfinished.get(key) ?? {
			originator,
			segments: new Map(),
			total,
			begun: this.#order++,
			last: now,
			octets: 0,
		};
		this.#unfinished.set(key, found);
		found.last = now;
		const there = found.segments.get(sequence);
		if (there && Buffer.compare(there, data) === 0) return undefined;
		// The reference is that of another message now: nothing of the one before belongs to it.
		if (there) {
			this.#octets -= found.octets;
			found.octets = 0;
			found.segments.clear();
		}
		found.segments.set(sequence, Uint8Array.from(data));
		found.octets += data.length;
		this.#octets += data.length;
		if (found.segments.size === total) {
			this.#drop(key);
			const parts = Array.from({ length: total }, (_, n) => found.segments.get(n + 1) as Uint8Array);
			return { originator, ...(ports ? { ports } : {}), data: Buffer.concat(parts) };
		}
		this.#makeRoom();
		return undefined;
	}

	#giveUp(now: number): void {
		for (const [key, { last }] of this.#unfinished) if (now - last > this.#limits.timeoutMs) this.#drop(key);
	}

	#makeRoom(): void {
		const { maxMessages, maxOctets } = this.#limits;
		while (this.#unfinished.size > maxMessages || this.#octets > maxOctets) {
			const count = new Map<string, number>();
			for (const { originator } of this.#unfinished.values()) count.set(originator, (count.get(originator) ?? 0) + 1);
			const of = ({ originator }: Unfinished): number => count.get(originator) ?? 0;
			const [least] = [...this.#unfinished].sort(
				([, a], [, b]) => of(b) - of(a) || a.segments.size - b.segments.size || a.begun - b.begun,
			);
			this.#drop(least?.[0] ?? "");
		}
	}

	#drop(key: string): void {
		this.#octets -= this.#unfinished.get(key)?.octets ?? 0;
		this.#unfinished.delete(key);
	}
}
