import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Gsup, Tuple } from "../../../hil/network/gsup/message.ts";
import { askVector } from "../../../hil/stage/ask-hlr.ts";
import { HostileHost } from "../../support/hostile-host.ts";

/** AUTN is accepted at most once, across resets (G5, G7); the home operator's HSS resynchronises (TS 33.102 6.3.5). */
describe("the VNO replays and withholds vectors", () => {
	const host = new HostileHost();
	let imsi = "";

	beforeAll(async () => {
		await host.start();
		imsi = (await host.tre.status()).activeImsi;
	});
	afterAll(() => host.stop());

	const ask = (more: Pick<Gsup, "rand" | "auts"> = {}) => askVector(host.operator("ro.example").gsup, imsi, more);
	const run = ({ rand, autn }: Pick<Required<Tuple>, "rand" | "autn">) => host.tre.call("authenticate", { rand, autn });

	test("a vector used once is refused afterwards, also after the TRE was switched off and on", async () => {
		const vector = await ask();
		expect(await run(vector)).toMatchObject({ outcome: 0, res: vector.res });
		expect((await run(vector)).outcome).toBe(1);
		await host.powerCut();
		const again = await run(vector);
		expect(again.outcome).toBe(1);
		expect([again.res.length, again.ck.length, again.ik.length], "no RES, CK or IK with a refusal").toEqual([0, 0, 0]);
	});

	test("a vector held back is worth something until a later one was used, and then nothing", async () => {
		const [held, later] = [await ask(), await ask()];
		expect((await run(later)).outcome).toBe(0);
		expect((await run(held)).outcome).toBe(1);
		const [first, second] = [await ask(), await ask()];
		expect((await run(first)).outcome).toBe(0);
		expect((await run(second)).outcome).toBe(0);
		for (const old of [held, later, first, second]) expect((await run(old)).outcome).toBe(1);
	});

	test("RAND of one vector with AUTN of another, and one octet changed: MAC failure, and nothing is spent", async () => {
		const [one, two] = [await ask(), await ask()];
		await expect(run({ ...one, autn: two.autn })).rejects.toMatchObject({ code: "autn-mac" });
		const autn = Buffer.from(one.autn);
		autn[0] ^= 1;
		await expect(run({ ...one, autn })).rejects.toMatchObject({ code: "autn-mac" });
		expect((await run(one)).outcome).toBe(0);
	});

	test("AUTS of a replay does the HSS no harm: it never goes back, and a replayed AUTS changes nothing", async () => {
		const used = await ask();
		await run(used);
		const { auts } = await run(used);
		const again = { rand: used.rand, auts: Buffer.from(auts) };
		const [first, second] = [await ask(again), await ask(again)];
		expect((await run(first)).outcome).toBe(0);
		expect((await run(second)).outcome).toBe(0);
		const damaged = Buffer.from(auts);
		damaged[13] ^= 1;
		await expect(ask({ rand: used.rand, auts: damaged })).rejects.toThrow(/refuses a vector/);
		await host.attach();
	});
});
