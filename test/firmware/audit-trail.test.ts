import { describe, expect, test } from "vitest";
import { LOG_ENTRIES } from "../../firmware/contract/events.ts";
import { readLog } from "../../host/tre/log.ts";
import { authenticate, changeBootstrap, mcimObject, sha256 } from "../support/operators.ts";
import { ruleBench } from "../support/rule-bench.ts";

/** What changed trust or subscriptions, in the transaction that changed it; without secrets. */
describe("log: the audit trail of a TRE", () => {
	const bench = ruleBench();
	const events = async () => (await readLog(bench.tre)).map(({ event }) => event);

	test("tells of a change from its bootstrap to its commit, with root and MCIM", async () => {
		expect(await events()).toEqual(["locked"]);
		await bench.tre.call("acceptBootstrap", bench.bootstrap("initial"));
		await bench.tre.call("acceptBootstrap", bench.bootstrap("application"));
		expect(await events(), "what changes neither trust nor subscriptions is not told").toEqual(["locked"]);
		await bench.bringTo("requested");
		const object = await mcimObject(bench.tre, bench.owned, bench.sho1);
		await bench.tre.call("acceptMcim", object);
		await bench.tre.call("activate", {});
		await authenticate(bench.tre, bench.sho1, object.mcim.imsi);
		await bench.tre.call("confirmConnectivity", {});
		const trail = await readLog(bench.tre);
		expect(trail.map(({ event }) => event)).toEqual([
			...["locked", "change-accepted", "mcim-installed", "trial-begun", "committed"],
		]);
		const root = bench.sho1.rootHash.toString("hex", 0, 8);
		const mcimId = object.mcim.mcimId.toString("hex", 0, 8);
		expect(trail.at(-1)).toMatchObject({ index: 4, root, mcimId });
		expect(trail[1]).toMatchObject({ root, mcimId: "" });
	});

	test("survives a restart, and can be read from an index on", async () => {
		const before = await readLog(bench.tre);
		await bench.restart();
		expect(await readLog(bench.tre)).toEqual(before);
		expect((await readLog(bench.tre, 3)).map(({ index }) => index)).toEqual([3, 4]);
		expect(await readLog(bench.tre, 1000)).toEqual([]);
	});

	test("is bounded: the newest stay; withdrawals and a revert, with the root that came and went", async () => {
		const { owned, sho1, ro, tre } = bench;
		// SHO[1] is the current one now.
		owned.reign = sha256((await tre.status()).nonceB).toString("hex");
		owned.serial = 0;
		const root = ro.rootHash.toString("hex", 0, 8);
		const withdrawal = { kind: "withdraw" as const, naps: [], change: undefined };
		for (let n = 0; n < LOG_ENTRIES / 2; n++) {
			await tre.call("acceptBootstrap", changeBootstrap(owned, ro, sho1));
			await tre.call("acceptBootstrap", changeBootstrap(owned, ro, sho1, withdrawal));
		}
		const trail = await readLog(tre);
		expect(trail.length).toBe(LOG_ENTRIES);
		expect(trail.at(-1)).toMatchObject({ index: 4 + LOG_ENTRIES, event: "withdrawn", root, mcimId: "" });
		expect(new Set(trail.map(({ event }) => event))).toEqual(new Set(["change-accepted", "withdrawn"]));
		await tre.call("acceptBootstrap", changeBootstrap(owned, ro, sho1));
		const object = await mcimObject(tre, owned, ro);
		await tre.call("acceptMcim", object);
		await tre.call("activate", {});
		for (let boots = 0; boots < 3; boots++) await bench.restart();
		const mcimId = object.mcim.mcimId.toString("hex", 0, 8);
		expect((await readLog(bench.tre)).at(-1)).toMatchObject({ event: "reverted", root, mcimId });
	});

	test("a refusal leaves no entry", async () => {
		const trail = await readLog(bench.tre);
		await bench.bootstrapRefused(changeBootstrap(bench.owned, bench.ro, bench.ro), "signature-invalid");
		await bench.refused(() => bench.tre.call("activate", {}), "wrong-state");
		expect(await readLog(bench.tre)).toEqual(trail);
	});
});
