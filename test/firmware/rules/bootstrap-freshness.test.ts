import { afterEach, describe, expect, test } from "vitest";
import { writeBootstrap } from "../../../host/wire/prov/bootstrap.ts";
import { authenticate, change, changeBootstrap, mcimObject, type TestOperator } from "../../support/operators.ts";
import { ruleBench } from "../../support/rule-bench.ts";

/** REIGN, SERIAL and nonceA (documents.md, "Bootstrap"; G2, G5). */
describe("documents.md, Bootstrap: once only", () => {
	const bench = ruleBench();
	afterEach(() => bench.goodPath());

	/** A change bootstrap with a certain DM account. */
	const carrying = (account: Uint8Array, to: TestOperator = bench.sho1) =>
		changeBootstrap(bench.owned, to, bench.ro, {
			change: {
				provUrl: `https://dpf.${to.shoId}/dm`,
				certificate: to.root.certificate,
				account,
				fallback: { seconds: 3600, boots: 2 },
			},
		});

	test("of another reign", async () => {
		await bench.bootstrapRefused(bench.change({ reign: "ab".repeat(32) }), "replayed");
	});

	test("of a spent SERIAL, a lower one, and the same SERIAL with other content", async () => {
		const [low, high] = [bench.fields("initial"), bench.fields("initial")];
		await bench.tre.call("acceptBootstrap", bench.signed(writeBootstrap(high)));
		await bench.bootstrapRefused(bench.signed(writeBootstrap(low)), "replayed");
		const other = { ...high, naps: [...high.naps, { napId: "NAP2", name: "nap", apn: "test.example" }] };
		await bench.bootstrapRefused(bench.signed(writeBootstrap(other)), "replayed");
		const repeated = bench.signed(writeBootstrap(high));
		expect(await bench.tre.call("acceptBootstrap", repeated)).toMatchObject({ repeated: true, kind: "initial" });
	});

	test("a refused bootstrap does not spend its SERIAL", async () => {
		const serial = ++bench.owned.serial;
		await bench.bootstrapRefused(bench.change({ serial, treId: "0".repeat(32) }), "wrong-tre");
		expect(await bench.tre.call("acceptBootstrap", bench.change({ serial }))).toMatchObject({ serial });
		await bench.withdraw();
	});

	test("a superseded bootstrap; the superseding one again is answered with its contents", async () => {
		const [first, second] = [bench.change(), bench.change()];
		await bench.tre.call("acceptBootstrap", first);
		expect(await bench.tre.call("acceptBootstrap", first)).toMatchObject({ kind: "change", repeated: true });
		await bench.tre.call("acceptBootstrap", second);
		await bench.bootstrapRefused(first, "replayed");
		expect(await bench.tre.call("acceptBootstrap", second)).toMatchObject({ kind: "change", repeated: true });
		await bench.withdraw();
		await bench.bootstrapRefused(second, "replayed");
	});

	test("a nonceA that a withdrawal spent; until then it may come again", async () => {
		const { object } = bench.sho1.account(bench.owned);
		await bench.tre.call("acceptBootstrap", carrying(object));
		await bench.tre.call("acceptBootstrap", carrying(object));
		await bench.withdraw();
		await bench.bootstrapRefused(carrying(object), "nonce-spent");
	});

	test("a nonceA that a revert spent, and the reverted bootstrap itself", async () => {
		const { object } = bench.sho1.account(bench.owned);
		const reverted = carrying(object);
		await bench.tre.call("acceptBootstrap", reverted);
		await bench.tre.call("acceptMcim", await mcimObject(bench.tre, bench.owned, bench.sho1));
		await bench.tre.call("activate", {});
		// A boot counts against the trial; its MCIM of three boots and the bootstrap's two allow three.
		for (let boots = 0; boots < 3; boots++) await bench.restart();
		expect((await bench.tre.status()).state).toBe("idle");
		await bench.bootstrapRefused(carrying(object), "nonce-spent");
		await bench.bootstrapRefused(reverted, "replayed");
	});

	test("a nonceA that a commit spent; SERIALs begin anew with the reign, and the first reign's are refused in the second", async () => {
		const { tre, owned, ro, sho1 } = bench;
		const withheld = changeBootstrap({ ...owned, serial: 1000 }, sho1, ro);
		const { object } = await change(tre, owned, ro, sho1);
		expect((await tre.status()).serial).toBe(0);
		await change(tre, owned, sho1, ro);
		await bench.bootstrapRefused(withheld, "replayed");
		await bench.bootstrapRefused(carrying(object), "nonce-spent");
		await authenticate(tre, ro, owned.imsi);
	});
});
