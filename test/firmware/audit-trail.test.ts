import { describe, expect, test } from "vitest";
import { LOG_ENTRIES } from "../../firmware/contract/events.ts";
import { readLog } from "../../host/tre/log.ts";
import { writeBootstrap } from "../../host/wire/prov/bootstrap.ts";
import { authenticate, mcimObject, sha256, signedOctets } from "../support/operators.ts";
import { ruleBench } from "../support/rule-bench.ts";

/** What changed trust or subscriptions, in the transaction that changed it; without secrets. */
describe("log: the audit trail of a TRE", () => {
	const bench = ruleBench();
	const events = async () => (await readLog(bench.tre)).map(({ event }) => event);

	test("tells of a change from its bootstrap to its commit, with root and MCIM", async () => {
		expect(await events()).toEqual(["locked"]);
		await bench.tre.call("acceptBootstrap", bench.bootstrap("initial"));
		await bench.bringTo("requested");
		const object = await mcimObject(bench.tre, bench.owned, bench.sho1);
		await bench.tre.call("acceptMcim", object);
		await bench.tre.call("activate", {});
		await authenticate(bench.tre, bench.sho1, object.mcim.imsi);
		await bench.tre.call("confirmConnectivity", {});
		const trail = await readLog(bench.tre);
		expect(trail.map(({ event }) => event)).toEqual([
			...["locked", "initial-bootstrap", "change-accepted", "mcim-installed", "trial-begun", "committed"],
		]);
		const root = bench.sho1.rootHash.toString("hex", 0, 8);
		const mcimId = object.mcim.mcimId.toString("hex", 0, 8);
		expect(trail.at(-1)).toMatchObject({ index: 5, root, mcimId });
		expect(trail[2]).toMatchObject({ root, mcimId: "" });
	});

	test("survives a restart, and can be read from an index on", async () => {
		const before = await readLog(bench.tre);
		await bench.restart();
		expect(await readLog(bench.tre)).toEqual(before);
		expect((await readLog(bench.tre, 4)).map(({ index }) => index)).toEqual([4, 5]);
		expect(await readLog(bench.tre, 1000)).toEqual([]);
	});

	test("is bounded: the newest stay, and a refusal leaves no entry", async () => {
		const { owned, sho1 } = bench;
		// SHO[1] is the current one now.
		const initial = () => ({ ...bench.fields("initial"), name: sho1.shoId });
		owned.reign = sha256((await bench.tre.status()).nonceB).toString("hex");
		owned.serial = 0;
		for (let n = 0; n < LOG_ENTRIES + 5; n++)
			await bench.tre.call("acceptBootstrap", signedOctets(writeBootstrap(initial()), sho1));
		const trail = await readLog(bench.tre);
		expect(trail.length).toBe(LOG_ENTRIES);
		expect(trail.at(-1)?.index).toBe(5 + LOG_ENTRIES + 5);
		expect(new Set(trail.map(({ event }) => event))).toEqual(new Set(["initial-bootstrap"]));
		await bench.bootstrapRefused(bench.bootstrap("initial"), "signature-invalid");
		expect(await readLog(bench.tre)).toEqual(trail);
	});
});
