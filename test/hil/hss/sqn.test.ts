import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firstFree, highestWithin, type Span, withSpan } from "../../../hil/network/operator/hss/spans.ts";
import { SeqBlocks, type SeqPosition, type SeqStore, SeqUsedUp } from "../../../hil/network/operator/hss/sqn.ts";
import { MAX_SEQ } from "../../../hil/network/operator/hss/vectors.ts";
import { times } from "../../support/long-form.ts";

/** What is durable; writes are counted. */
class Durable implements SeqStore {
	readonly positions = new Map<string, SeqPosition>();
	writes = 0;
	failing = false;

	position(imsi: string): SeqPosition | undefined {
		return this.positions.get(imsi);
	}

	keep(positions: ReadonlyMap<string, SeqPosition>): void {
		if (this.failing) throw new Error("the disk is full");
		this.writes++;
		for (const [imsi, position] of positions) this.positions.set(imsi, position);
	}

	/** The counter goes elsewhere; what is known of numbers that were given out stays. */
	restore(imsi: string, seq: number): void {
		this.positions.set(imsi, { ...this.positions.get(imsi), seq });
	}

	/** A subscriber who was never served, or whose counter stands at `seq`. */
	add(imsi: string, seq = 0): void {
		this.positions.set(imsi, { seq, spans: [] });
	}
}

/** What a card follows here; far more than any crash skips, as in reality. */
const DELTA = 1_000_000;

const imsis = ["a", "b", "c"];

type Event =
	| { readonly kind: "take"; readonly imsi: string; readonly count: number }
	| { readonly kind: "auts"; readonly imsi: string; readonly by: number }
	/** Somebody restores or imports a counter. */
	| { readonly kind: "counter"; readonly imsi: string; readonly seq: number }
	| { readonly kind: "crash" }
	| { readonly kind: "disk"; readonly failing: boolean };

const event: fc.Arbitrary<Event> = fc.oneof(
	{
		weight: 8,
		arbitrary: fc.record({
			kind: fc.constant("take" as const),
			imsi: fc.constantFrom(...imsis),
			count: fc.integer({ min: 1, max: 5 }),
		}),
	},
	fc.record({
		kind: fc.constant("auts" as const),
		imsi: fc.constantFrom(...imsis),
		by: fc.integer({ min: -50, max: 200 }),
	}),
	fc.record({
		kind: fc.constant("counter" as const),
		imsi: fc.constantFrom(...imsis),
		seq: fc.constantFrom(0, 400_000_000, 5_000_000_000, MAX_SEQ - 3_000_000),
	}),
	fc.constant({ kind: "crash" as const }),
	fc.record({ kind: fc.constant("disk" as const), failing: fc.boolean() }),
);

/** A request that is refused takes nothing. */
const takeInto = (out: Map<string, number[]>, blocks: SeqBlocks, imsi: string, count: number): Promise<unknown> =>
	blocks.take(imsi, count).then(
		(first) => out.get(imsi)?.push(...Array.from({ length: count }, (_, n) => first + n)),
		() => undefined,
	);

/** Runs events, several requests at a time between them; answers every SEQ in the order in which it was given out. */
async function given(
	events: readonly (readonly Event[])[],
	make: (store: SeqStore) => SeqBlocks,
): Promise<Map<string, number[]>> {
	const durable = new Durable();
	for (const imsi of imsis) durable.add(imsi);
	const out = new Map<string, number[]>(imsis.map((imsi) => [imsi, []]));
	let blocks = make(durable);
	const play = (one: Event): Promise<unknown> | undefined => {
		switch (one.kind) {
			case "take":
				return takeInto(out, blocks, one.imsi, one.count);
			case "auts":
				if (!durable.failing) blocks.resynchronise(one.imsi, Math.max(0, (out.get(one.imsi)?.at(-1) ?? 0) + one.by));
				return undefined;
			case "counter":
				durable.restore(one.imsi, one.seq);
				// Whoever changes a counter does it while the operator is down.
				blocks = make(durable);
				return undefined;
			case "crash":
				blocks = make(durable);
				return undefined;
			case "disk":
				durable.failing = one.failing;
				return undefined;
		}
	};
	for (const together of events) await Promise.all(together.map(play));
	return out;
}

const twice = (out: Map<string, number[]>): boolean =>
	[...out.values()].some((seqs) => new Set(seqs).size < seqs.length);
const events = fc.array(fc.array(event, { minLength: 1, maxLength: 6 }), { maxLength: 40 });

describe("TS 33.102 Annex C: sequence numbers of the HSS", () => {
	test("no SEQ is given out twice, in any order of requests, resynchronisations, restored counters, crashes and full disks", async () => {
		await fc.assert(
			fc.asyncProperty(events, async (all) => {
				const out = await given(all, (store) => new SeqBlocks(store, DELTA));
				expect(twice(out)).toBe(false);
				const restored = all.flat().some(({ kind }) => kind === "counter");
				for (const seqs of out.values()) if (!restored) expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
			}),
			{ numRuns: times(300) },
		);
	});

	test("6.3.5: whatever became of the counter, one good AUTS and the card is served again", async () => {
		await fc.assert(
			fc.asyncProperty(events, fc.constantFrom(...imsis), async (all, imsi) => {
				const durable = new Durable();
				const out = await given(all, (store) => {
					durable.positions.clear();
					for (const one of imsis) durable.positions.set(one, store.position(one) as SeqPosition);
					return new SeqBlocks(store, DELTA);
				});
				// The card has taken any of those that it could follow, from the first on.
				let seqMs = 0;
				for (const seq of out.get(imsi) ?? []) if (seq > seqMs && seq - seqMs <= DELTA) seqMs = seq;
				const blocks = new SeqBlocks(durable, DELTA);
				blocks.resynchronise(imsi, seqMs);
				const next = await blocks.take(imsi, 5);
				expect(next).toBeGreaterThan(seqMs);
				expect(next + 4 - seqMs).toBeLessThanOrEqual(DELTA);
				for (let n = next; n < next + 5; n++) expect(out.get(imsi)).not.toContain(n);
			}),
			{ numRuns: times(300) },
		);
	});

	test("a planted fault is found: what was given out before a counter was restored is forgotten", async () => {
		class Forgetful extends SeqBlocks {
			constructor(store: SeqStore) {
				const forgetting = { position: (imsi: string) => ({ seq: store.position(imsi)?.seq ?? 0, spans: [] }) };
				super({ ...forgetting, keep: (positions) => store.keep(positions) }, DELTA);
			}
		}
		const found = await fc.check(
			fc.asyncProperty(events, async (all) => !twice(await given(all, (store) => new Forgetful(store)))),
			{ numRuns: 300, seed: 1 },
		);
		expect(found.failed).toBe(true);
	});

	test("numbers of another AuC, of which nobody knows which were given out: behind the card, and a block further", async () => {
		const durable = new Durable();
		durable.positions.set("a", { seq: 400_000_000_000 });
		const blocks = new SeqBlocks(durable);
		blocks.resynchronise("a", 1000);
		expect(await blocks.take("a", 1)).toBe(1000 + 256 + 1);
	});

	test("spans: what is in one is never free, and however many there are they stay few", () => {
		const span = fc.tuple(fc.nat(5000), fc.nat(300)).map(([first, length]): Span => [first, first + length]);
		fc.assert(
			fc.property(
				fc.array(span, { maxLength: 60 }),
				fc.nat(6000),
				fc.integer({ min: 1, max: 300 }),
				(all, after, count) => {
					const spans = all.reduce<readonly Span[]>(withSpan, []);
					expect(spans.length).toBeLessThanOrEqual(16);
					const isIn = (n: number) => spans.some(([first, last]) => first <= n && n <= last);
					for (const [first, last] of all) expect([isIn(first), isIn(last)]).toEqual([true, true]);
					const free = firstFree(spans, after, count);
					expect(free).toBeGreaterThan(after);
					expect(Array.from({ length: count }, (_, n) => free + n).some(isIn)).toBe(false);
					const highest = highestWithin(spans, after);
					expect(highest).toBeLessThanOrEqual(after);
					for (let n = highest + 1; n <= after; n++) expect(isIn(n)).toBe(false);
				},
			),
			{ numRuns: times(200) },
		);
	});

	test("a planted fault is found: what is reserved is written after it was given out", async () => {
		class Late extends SeqBlocks {
			constructor(store: SeqStore) {
				super({
					position: (imsi) => store.position(imsi),
					keep: (positions) => void setImmediate(() => setImmediate(() => safely(() => store.keep(positions)))),
				});
			}
		}
		const safely = (run: () => void) => {
			try {
				run();
			} catch {
				// The disk is full, and nobody hears of it.
			}
		};
		const found = await fc.check(
			fc.asyncProperty(events, async (all) => !twice(await given(all, (store) => new Late(store)))),
			{ numRuns: 300, seed: 1 },
		);
		expect(found.failed).toBe(true);
	});

	test("requests of one turn of the loop share a write, and a block serves many requests", async () => {
		const durable = new Durable();
		const many = Array.from({ length: 1000 }, (_, n) => String(n));
		for (const imsi of many) durable.add(imsi);
		const blocks = new SeqBlocks(durable);
		await Promise.all(many.map((imsi) => blocks.take(imsi, 1)));
		expect(durable.writes).toBe(1);
		for (let n = 0; n < 30; n++) await blocks.take("7", 1);
		expect(durable.writes).toBe(1);
	});

	test("a full disk refuses, and the next request that finds room is served", async () => {
		const durable = new Durable();
		durable.add("a");
		const blocks = new SeqBlocks(durable);
		durable.failing = true;
		await expect(blocks.take("a", 1)).rejects.toThrow("the disk is full");
		durable.failing = false;
		expect(await blocks.take("a", 1)).toBe(1);
	});

	test("the end of the sequence numbers is refused by name, and nobody else is", async () => {
		const durable = new Durable();
		durable.add("a", MAX_SEQ - 10);
		durable.add("b");
		const blocks = new SeqBlocks(durable);
		const [a, b] = await Promise.allSettled([blocks.take("a", 1), blocks.take("b", 1)]);
		expect(a).toMatchObject({ status: "rejected", reason: expect.any(SeqUsedUp) });
		expect(b).toMatchObject({ status: "fulfilled", value: 1 });
	});
});
