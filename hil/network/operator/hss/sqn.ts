import { firstFree, highestWithin, type Span, withSpan } from "./spans.ts";
import { DELTA, MAX_SEQ } from "./vectors.ts";

/** Where the sequence numbers of a subscriber stand. */
export interface SeqPosition {
	/** The next one is behind it. */
	readonly seq: number;
	/** Every SEQ that may have been given out; undefined where another AuC did, and nobody knows which. */
	readonly spans?: readonly Span[];
}

/** Where it is durable. */
export interface SeqStore {
	/** Undefined where there is no such subscriber. */
	position(imsi: string): SeqPosition | undefined;
	/** All of them become durable together. */
	keep(positions: ReadonlyMap<string, SeqPosition>): void;
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

/** A block of a subscriber: the next SEQ, and the last one that is reserved. */
interface Open {
	next: number;
	last: number;
}

export class SeqUsedUp extends Error {}

/** Reserves `count` in a row and a block behind them, where nothing was ever given out. Pure. */
function reserved({ seq, spans = [] }: SeqPosition, count: number): { first: number; position: SeqPosition } {
	const first = firstFree(spans, seq, count + BLOCK);
	const last = first + count + BLOCK - 1;
	return { first, position: { seq: last, spans: withSpan(spans, [first, last]) } };
}

/**
 * Where to go on behind a card that is further back than it can follow (TS 33.102 clause 6.3.5): behind everything that
 * it might still take of what was given out before. Where nobody knows that, behind a block. Pure.
 */
export function behindCard({ spans }: SeqPosition, seqMs: number, delta = DELTA): SeqPosition {
	if (!spans) return { seq: seqMs + BLOCK, spans: [] };
	return { seq: Math.max(seqMs, highestWithin(spans, seqMs + delta)), spans };
}

/**
 * Sequence numbers (TS 33.102 Annex C): each SEQ of a subscriber is given out once, through any crash and whatever is
 * done to the counter. What is given out has been reserved before, in blocks, so that not every request waits for the
 * disk; and all requests of one turn of the loop share one write.
 */
export class SeqBlocks {
	readonly #store: SeqStore;
	readonly #delta: number;
	readonly #open = new Map<string, Open>();
	#claims: Claim[] = [];
	/** Whose block is half used. */
	readonly #low = new Set<string>();

	/** `delta`: the largest step that a card follows. */
	constructor(store: SeqStore, delta = DELTA) {
		this.#store = store;
		this.#delta = delta;
	}

	/** Reserves a block for each of them, in one write: the first request after a start need not wait for its own. */
	prepare(imsis: Iterable<string>): void {
		const blocks = new Map<string, { first: number; position: SeqPosition }>();
		for (const imsi of imsis) {
			const position = this.#store.position(imsi);
			const block = position && reserved(position, 0);
			if (block && block.position.seq <= MAX_SEQ) blocks.set(imsi, block);
		}
		if (blocks.size === 0) return;
		this.#store.keep(new Map([...blocks].map(([imsi, { position }]) => [imsi, position])));
		for (const [imsi, { first, position }] of blocks) this.#open.set(imsi, { next: first, last: position.seq });
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

	/**
	 * After resynchronisation (clause 6.3.5): goes on behind the card's SEQ_MS where that is ahead, or where the next SEQ
	 * is further ahead than the card follows.
	 */
	resynchronise(imsi: string, seqMs: number): void {
		const position = this.#store.position(imsi);
		if (!position) return;
		const open = this.#open.get(imsi);
		const next = open ? open.next : firstFree(position.spans ?? [], position.seq, 1);
		const ahead = seqMs >= next;
		if (!ahead && next - seqMs <= this.#delta) return;
		this.#open.delete(imsi);
		const went = ahead ? { ...position, seq: seqMs } : behindCard(position, seqMs, this.#delta);
		this.#store.keep(new Map([[imsi, went]]));
	}

	/** While nobody waits for it. */
	#refillSoon(imsi: string): void {
		if (this.#low.size === 0) setTimeout(() => this.#refill(), REFILL_MS).unref();
		this.#low.add(imsi);
	}

	#refill(): void {
		const positions = new Map<string, SeqPosition>();
		for (const imsi of this.#low) {
			const [open, position] = [this.#open.get(imsi), this.#store.position(imsi)];
			// Taken up meanwhile, moved, or near the end: the next request reserves.
			if (!open || position?.seq !== open.last) continue;
			const { first, position: more } = reserved(position, 0);
			if (first === open.last + 1 && more.seq <= MAX_SEQ) positions.set(imsi, more);
		}
		this.#low.clear();
		try {
			if (positions.size > 0) this.#store.keep(positions);
		} catch {
			// Whoever needs a number hears of it.
			return;
		}
		for (const [imsi, { seq }] of positions) {
			const open = this.#open.get(imsi);
			if (open) open.last = seq;
		}
	}

	/** What is left of an open block, or its successor: the claims of a subscriber stand in a row behind it. */
	#reserve(): void {
		const claims = this.#claims;
		this.#claims = [];
		const blocks = new Map<string, { next: number; position: SeqPosition }>();
		const granted: (() => void)[] = [];
		for (const [imsi, own] of byImsi(claims)) {
			const position = this.#store.position(imsi);
			const block =
				position &&
				reserved(
					position,
					own.reduce((sum, { count }) => sum + count, 0),
				);
			if (!block || block.position.seq > MAX_SEQ) {
				const why = block
					? new SeqUsedUp(`the sequence numbers of ${imsi} are used up`)
					: new Error(`no subscriber ${imsi}`);
				for (const { reject } of own) reject(why);
				continue;
			}
			let next = block.first;
			for (const { count, resolve } of own) {
				const first = next;
				granted.push(() => resolve(first));
				next += count;
			}
			blocks.set(imsi, { next, position: block.position });
		}
		try {
			if (blocks.size > 0) this.#store.keep(new Map([...blocks].map(([imsi, { position }]) => [imsi, position])));
		} catch (error) {
			for (const { reject } of claims) reject(error as Error);
			return;
		}
		for (const [imsi, { next, position }] of blocks) this.#open.set(imsi, { next, last: position.seq });
		for (const grant of granted) grant();
	}
}

function byImsi(claims: readonly Claim[]): Map<string, Claim[]> {
	const all = new Map<string, Claim[]>();
	for (const claim of claims) all.set(claim.imsi, [...(all.get(claim.imsi) ?? []), claim]);
	return all;
}
