import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SeqBlocks, type SeqStore, SeqUsedUp } from "../../../hil/network/operator/hss/sqn.ts";
import { MAX_SEQ } from "../../../hil/network/operator/hss/vectors.ts";
import { times } from "../../support/long-form.ts";

/** What is durable; writes are counted. */
class Durable implements SeqStore {
	readonly seqs = new Map<string, number>();
	writes = 0;
	failing = false;

	reserved(imsi: string): number | undefined {
		return this.seqs.get(imsi);
	}

	reserve(seqs: ReadonlyMap<string, number>): void {
		if (this.failing) throw new Error("the disk is full");
		this.writes++;
		for (const [imsi, seq] of seqs) this.seqs.set(imsi, seq);
	}
}

const imsis = ["a", "b", "c"];

type Event =
	| { readonly kind: "take"; readonly imsi: string; readonly count: number }
	| { readonly kind: "raise"; readonly imsi: string; readonly by: number }
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
		kind: fc.constant("raise" as const),
		imsi: fc.constantFrom(...imsis),
		by: fc.integer({ min: -50, max: 200 }),
	}),
	fc.constant({ kind: "crash" as const }),
	fc.record({ kind: fc.constant("disk" as const), failing: fc.boolean() }),
);

/** Runs events, several requests at a time between them; answers every SEQ in the order in which it was given out. */
async function given(
	events: readonly (readonly Event[])[],
	make: (store: SeqStore) => SeqBlocks,
): Promise<Map<string, number[]>> {
	const durable = new Durable();
	for (const imsi of imsis) durable.seqs.set(imsi, 0);
	const out = new Map<string, number[]>(imsis.map((imsi) => [imsi, []]));
	let blocks = make(durable);
	for (const together of events) {
		const taken: Promise<unknown>[] = [];
		for (const one of together) {
			if (one.kind === "take")
				taken.push(
					blocks.take(one.imsi, one.count).then(
						(first) => out.get(one.imsi)?.push(...Array.from({ length: one.count }, (_, n) => first + n)),
						() => undefined,
					),
				);
			if (one.kind === "raise" && !durable.failing)
				blocks.raise(one.imsi, Math.max(0, (out.get(one.imsi)?.at(-1) ?? 0) + one.by));
			if (one.kind === "crash") blocks = make(durable);
			if (one.kind === "disk") durable.failing = one.failing;
		}
		await Promise.all(taken);
	}
	return out;
}

const twice = (out: Map<string, number[]>): boolean =>
	[...out.values()].some((seqs) => new Set(seqs).size < seqs.length);
const events = fc.array(fc.array(event, { minLength: 1, maxLength: 6 }), { maxLength: 40 });

describe("TS 33.102 Annex C: sequence numbers of the HSS", () => {
	test("no SEQ is given out twice, in any order of requests, resynchronisations, crashes and full disks; they rise", async () => {
		await fc.assert(
			fc.asyncProperty(events, async (all) => {
				const out = await given(all, (store) => new SeqBlocks(store));
				expect(twice(out)).toBe(false);
				for (const seqs of out.values()) expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
			}),
			{ numRuns: times(300) },
		);
	});

	test("a planted fault is found: what is reserved is written after it was given out", async () => {
		class Late extends SeqBlocks {
			constructor(store: SeqStore) {
				super({
					reserved: (imsi) => store.reserved(imsi),
					reserve: (seqs) => void setImmediate(() => setImmediate(() => safely(() => store.reserve(seqs)))),
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
		for (const imsi of many) durable.seqs.set(imsi, 0);
		const blocks = new SeqBlocks(durable);
		await Promise.all(many.map((imsi) => blocks.take(imsi, 1)));
		expect(durable.writes).toBe(1);
		for (let n = 0; n < 30; n++) await blocks.take("7", 1);
		expect(durable.writes).toBe(1);
	});

	test("a full disk refuses, and the next request that finds room is served", async () => {
		const durable = new Durable();
		durable.seqs.set("a", 0);
		const blocks = new SeqBlocks(durable);
		durable.failing = true;
		await expect(blocks.take("a", 1)).rejects.toThrow("the disk is full");
		durable.failing = false;
		expect(await blocks.take("a", 1)).toBe(1);
	});

	test("the end of the sequence numbers is refused by name, and nobody else is", async () => {
		const durable = new Durable();
		durable.seqs.set("a", MAX_SEQ - 10);
		durable.seqs.set("b", 0);
		const blocks = new SeqBlocks(durable);
		const [a, b] = await Promise.allSettled([blocks.take("a", 1), blocks.take("b", 1)]);
		expect(a).toMatchObject({ status: "rejected", reason: expect.any(SeqUsedUp) });
		expect(b).toMatchObject({ status: "fulfilled", value: 1 });
	});
});
