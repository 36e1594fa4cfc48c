import Sqlite from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import type { Gsup, Tuple } from "../../../hil/network/gsup/message.ts";
import type { SeqPosition } from "../../../hil/network/operator/hss/sqn.ts";
import type { Subscriber } from "../../../hil/network/operator/records.ts";
import { OsmoBench, OwnBench, TestVlr } from "../../support/hlr-bench.ts";
import { personalisedFlash } from "../../support/keyed-flash.ts";
import { DirectTre } from "../../support/machine.ts";

/** More than 2^28 ahead: a card, and the TRE, follow no further in one step. */
const AHEAD = 400_000_000;
const IND_BITS = 5;

describe("TS 33.102 clause 6.3.5: the counter of a home network is further ahead than a TRE follows", () => {
	const [own, osmo] = [new OwnBench(), new OsmoBench()];
	let made: Awaited<ReturnType<typeof personalisedFlash>>;
	let subscriber: Subscriber;
	let tre: DirectTre;

	beforeAll(async () => {
		made = await personalisedFlash();
		const { imsi } = made.owned;
		const { k, opc } = made.ro.subscriber(imsi);
		subscriber = { imsi, k, opc };
		await Promise.all([own.start([subscriber]), osmo.start([subscriber])]);
	});
	afterAll(async () => {
		await Promise.all([own.dispose(), osmo.dispose()]);
	});

	/** What the TRE answers to each vector: 0 success, 1 synchronisation failure, whose AUTS goes back with the next request. */
	const attach = async (vlr: TestVlr, steps: number): Promise<number[]> => {
		const outcomes: number[] = [];
		let more: Partial<Gsup> = {};
		for (let n = 0; n < steps; n++) {
			const request = { procedure: "SendAuthInfo", imsi: subscriber.imsi, vectors: 1, ...more } as const;
			const [tuple] = (await vlr.request(request)).tuples as [Tuple];
			const answer = tre.call("authenticate", { rand: tuple.rand, autn: tuple.autn as Buffer });
			outcomes.push(answer.outcome);
			more = answer.outcome === 1 ? { rand: tuple.rand, auts: Buffer.from(answer.auts) } : {};
		}
		return outcomes;
	};

	const fresh = (): void => {
		const flash = new FlashMemory();
		flash.octets.set(made.image);
		tre = new DirectTre(flash, made.rootKey);
	};

	/** A home network that was started with such a counter. */
	const at = async (position: SeqPosition): Promise<TestVlr> => {
		own.store.sequences.put(subscriber.imsi, position);
		await own.stop();
		await own.start([subscriber]);
		fresh();
		return new TestVlr(own.address, "VLR-1");
	};

	test.each<[string, SeqPosition]>([
		[
			"restored twice, each time after one that was further ahead",
			{
				seq: 2 * AHEAD,
				spans: [
					[1, 40],
					[AHEAD, AHEAD + 256],
				],
			},
		],
		["restored, with what was given out up to the card", { seq: AHEAD, spans: [[1, 40]] }],
		["imported from an AuC of which nobody knows", { seq: AHEAD }],
	])("%s: one AUTS, and the TRE is served again, as with osmo-hlr", async (_what, position) => {
		const vlr = await at(position);
		expect(await attach(vlr, 8)).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
		vlr.close();
	});

	test("each of the 2^28 numbers that the TRE would follow was given out: none is given twice, another MCIM is the way out", async () => {
		const vlr = await at({ seq: AHEAD, spans: [[1, AHEAD]] });
		expect(await attach(vlr, 3)).toEqual([1, 1, 1]);
		vlr.close();
	});

	test("osmo-hlr", async () => {
		fresh();
		const database = new Sqlite(osmo.database);
		database.prepare("UPDATE auc_3g SET sqn = ?").run(AHEAD * 2 ** IND_BITS);
		database.close();
		const vlr = new TestVlr(osmo.address, "VLR-1");
		expect(await attach(vlr, 8)).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
		vlr.close();
	});
});
