import { MAX_SEQ } from "./vectors.ts";

/** Where the highest SEQ that may have been given out is durable. */
export interface SeqStore {
	/** Undefined where there is no such subscriber. */
	reserved(imsi: string): number | undefined;
	/** All of them become durable together. */
	reserve(seqs: ReadonlyMap<string, number>): void;
}

/** Given out from memory after each durable write. A crash skips as many at most; a card follows far wider. */
const BLOCK = 256;

/** What is half used is reserved anew after so long, all of it in one write. */
const REFILL_MS = 20;

interface Claim {
	readonly imsi: string;
	readonly count: number;
	resolve(first: number): void;
	reject(error: Error): void;
}

export class SeqUsedUp extends Error {}

/**
 * Sequence numbers (TS 33.102 Annex C): each SEQ of a subscriber is given out once, through any crash. What is given
 * out has been reserved before, in blocks, so that not every request waits for the disk; and all requests of one turn
 * of the loop share one write.
 */
export class SeqBlocks {
	readonly #store: SeqStore;
	/** By IMSI: the next SEQ, and the last one that is reserved. */
	readonly #open = new Map<string, { next: number; last: number }>();
	#claims: Claim[] = [];
	/** Whose block is half used. */
	readonly #low = new Set<string>();

	constructor(store: SeqStore) {
		this.#store = store;
	}

	/** Reserves a block for each of them, in one write: the first request after a start need not wait for its own. */
	prepare(imsis: Iterable<string>): void {
		const seqs = new Map<string, number>();
		for (const imsi of imsis) {
			const reserved = this.#store.reserved(imsi);
			if (reserved === undefined || reserved + BLOCK > MAX_SEQ) continue;
			seqs.set(imsi, reserved + BLOCK);
			this.#open.set(imsi, { next: reserved + 1, last: reserved + BLOCK });
		}
		if (seqs.size > 0) this.#store.reserve(seqs);
	}

	/** The first of `count` SEQ in a row. Given out is one only when what was reserved is durable: the caller waits for that. */
	take(imsi: string, count: number): Promise<number> {
		const open = this.#open.get(imsi);
		if (open && open.next + count - 1 <= open.last) {
			open.next += count;
			if (open.last - open.next < BLOCK / 2) this.#refillSoon(imsi);
			return Promise.resolve(open.next - count);
		}
		return new Promise((resolve, reject) => {
			if (this.#claims.length === 0) setImmediate(() => this.#reserve());
			this.#claims.push({ imsi, count, resolve, reject });
		});
	}

	/** After resynchronisation: goes on behind `seq`, never back. */
	raise(imsi: string, seq: number): void {
		const reserved = this.#store.reserved(imsi);
		const open = this.#open.get(imsi);
		const next = open ? open.next : (reserved ?? 0) + 1;
		if (seq < next) return;
		this.#open.delete(imsi);
		if (reserved !== undefined && seq > reserved) this.#store.reserve(new Map([[imsi, seq]]));
		else this.#open.set(imsi, { next: seq + 1, last: reserved ?? seq });
	}

	/** While nobody waits for it. */
	#refillSoon(imsi: string): void {
		if (this.#low.size === 0) setTimeout(() => this.#refill(), REFILL_MS).unref();
		this.#low.add(imsi);
	}

	#refill(): void {
		const seqs = new Map<string, number>();
		for (const imsi of this.#low) {
			const [open, reserved] = [this.#open.get(imsi), this.#store.reserved(imsi)];
			// Taken up meanwhile, raised, or near the end: the next request reserves.
			if (open && reserved === open.last && reserved + BLOCK <= MAX_SEQ) seqs.set(imsi, reserved + BLOCK);
		}
		this.#low.clear();
		try {
			if (seqs.size > 0) this.#store.reserve(seqs);
		} catch {
			// Whoever needs a number hears of it.
			return;
		}
		for (const [imsi, last] of seqs) {
			const open = this.#open.get(imsi);
			if (open) open.last = last;
		}
	}

	#reserve(): void {
		const claims = this.#claims;
		this.#claims = [];
		const ends = new Map<string, number>();
		const granted: (() => void)[] = [];
		for (const { imsi, count, resolve, reject } of claims) {
			const last = ends.get(imsi) ?? this.#store.reserved(imsi);
			if (last === undefined) reject(new Error(`no subscriber ${imsi}`));
			else if (last + count + BLOCK > MAX_SEQ) reject(new SeqUsedUp(`the sequence numbers of ${imsi} are used up`));
			else {
				const open = this.#open.get(imsi);
				const first = ends.has(imsi) || !open ? last + 1 : open.next;
				ends.set(imsi, first + count - 1);
				granted.push(() => resolve(first));
			}
		}
		try {
			this.#store.reserve(new Map([...ends].map(([imsi, end]) => [imsi, end + BLOCK])));
		} catch (error) {
			for (const { reject } of claims) reject(error as Error);
			return;
		}
		for (const [imsi, end] of ends) this.#open.set(imsi, { next: end + 1, last: end + BLOCK });
		for (const grant of granted) grant();
	}
}
