import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { BENCH, world } from "../../hil/lab/world.ts";
import { readOperatorConfig } from "../../hil/network/operator/config.ts";
import { OperatorStore } from "../../hil/network/operator/store.ts";
import { ElementProcess } from "../support/element-process.ts";
import { newSubscriber, TestVlr } from "../support/hlr-bench.ts";
import { PostgresCluster } from "../support/postgres.ts";

const staff = "5".repeat(32);
const access = { staff, networks: { [BENCH]: "6".repeat(32) } };
const good = { ...world.operators[0], folder: mkdtempSync(join(tmpdir(), "operator-")), registry: "r", access };
const asStaff = { headers: { authorization: `Bearer ${staff}` } };

describe("the configuration of an operator process", () => {
	test("a good one is read as it stands", () => {
		expect(readOperatorConfig(good)).toEqual(good);
	});

	test.each<[string, object, RegExp]>([
		["a field that nobody knows", { colour: "red" }, /the file: .*colour/],
		["a field that is missing", { plmn: undefined }, /plmn/],
		["digits that are no MCC and MNC", { plmn: "001" }, /plmn: is five or six digits, MCC and MNC/],
		["an SHO_id that is no DNS name", { shoId: "an operator" }, /shoId: is a DNS name/],
		["an HLR/AuC that there is not", { hlr: "other" }, /hlr: /],
		["a trial of no seconds", { fallback: { seconds: 0, boots: 3 } }, /fallback\.seconds: /],
		["an OP that is too short", { op: "abcd" }, /op: is 16 octets in hex/],
	])("%s is named with its field", (_what, change, expected) => {
		expect(() => readOperatorConfig({ ...good, ...change })).toThrow(expected);
	});

	test("the process says it without its own innards, without the values, and ends with a code", () => {
		const folder = mkdtempSync(join(tmpdir(), "config-"));
		const path = join(folder, "config.json");
		const run = (content: string) => {
			writeFileSync(path, content);
			const main = resolve("build/js/hil/network/operator/main.js");
			return spawnSync(process.execPath, [main, "--config", path], { encoding: "utf8" });
		};
		const wrong = run(JSON.stringify({ ...good, op: "5ec4e7" }));
		expect(wrong.status).toBe(1);
		expect(wrong.stderr).toContain("op: is 16 octets in hex");
		expect(wrong.stderr).not.toMatch(/5ec4e7| {4}at /);
		const broken = run('{ "op": "5ec4e7" ');
		expect([broken.status, broken.stderr]).toEqual([2, `${path} cannot be read as JSON: its syntax is wrong\n`]);
		rmSync(folder, { recursive: true, force: true });
	});
});

describe("an operator process, watched and stopped", () => {
	const cluster = new PostgresCluster();
	const folder = mkdtempSync(join(tmpdir(), "operations-"));
	const subscriber = newSubscriber(1);
	let operator: ElementProcess;
	let vlr: TestVlr;
	let operations = "";

	const start = async (hlr: "own" | "osmo-hlr") => {
		const registry = join(folder, "registry.json");
		writeFileSync(registry, JSON.stringify({ operators: [], pvas: [], vnos: [] }));
		const config = join(folder, "config.json");
		writeFileSync(config, JSON.stringify({ ...good, hlr, folder, registry }));
		operator = new ElementProcess("operator", config, { DATABASE_URL: cluster.url });
		const addresses = await operator.ready;
		operations = addresses.operations as string;
		vlr = new TestVlr(addresses.gsup as string, BENCH);
	};
	const health = async () => {
		const answer = await fetch(`${operations}/health`);
		return { status: answer.status, ...((await answer.json()) as object) };
	};
	const until = async (status: number) => {
		for (let n = 0; n < 400 && (await health()).status !== status; n++) await sleep(25);
		expect((await health()).status).toBe(status);
	};
	const sai = () => vlr.request({ procedure: "SendAuthInfo", imsi: subscriber.imsi, vectors: 3 });

	beforeAll(async () => {
		await cluster.start();
		const store = await OperatorStore.open(folder, cluster.url);
		store.subscribers.put(subscriber.imsi, subscriber);
		await store.close();
	}, 60_000);
	afterEach(async () => {
		vlr?.close();
		await operator?.stop();
	});
	afterAll(async () => {
		await cluster.dispose();
		rmSync(folder, { recursive: true, force: true });
	});

	test("metrics count what happens, and name no subscriber", async () => {
		await start("own");
		await sai();
		await vlr.request({ procedure: "SendAuthInfo", imsi: "001019999999999" });
		await vlr.request({ procedure: "UpdateLocation", imsi: subscriber.imsi });
		const text = await (await fetch(`${operations}/metrics`, asStaff)).text();
		expect(text).toMatch(/^authentication_vectors_total\{sho="ro\.example"\} 3$/m);
		expect(text).toMatch(/^gsup_requests_total\{procedure="SendAuthInfo",outcome="result",sho="ro\.example"\} 1$/m);
		expect(text).toMatch(/^gsup_requests_total\{procedure="SendAuthInfo",outcome="error",sho="ro\.example"\} 1$/m);
		expect(text).toMatch(/^subscribers_located\{sho="ro\.example"\} 1$/m);
		expect(text).toMatch(/^process_resident_memory_bytes/m);
		expect(text).not.toMatch(new RegExp(`${subscriber.imsi}|${subscriber.k}|${subscriber.opc}`));
		expect((await fetch(`${operations}/nothing`)).status).toBe(404);
		expect((await fetch(`${operations}/health`, { method: "POST" })).status).toBe(405);
	}, 60_000);

	test("health: 503 with the reason while the database is gone, 200 when it is back", async () => {
		await start("own");
		expect(await health()).toEqual({ status: 200, ok: true, leavesEndInDays: expect.any(Number) });
		await cluster.kill();
		const waiting = sai();
		await until(503);
		expect(await health()).toMatchObject({ ok: false, database: expect.any(String) });
		await cluster.start();
		expect((await waiting).kind).toBe("result");
		await until(200);
	}, 60_000);

	test("health: osmo-hlr is gone, and started again", async () => {
		await start("osmo-hlr");
		expect((await sai()).kind).toBe("result");
		expect(spawnSync("pkill", ["-9", "-f", join(folder, "osmo-hlr", "hlr.cfg")]).status).toBe(0);
		const seen = new Set<number>();
		for (let n = 0; n < 200 && !(seen.has(503) && (await health()).status === 200); n++) {
			seen.add((await health()).status);
			await sleep(10);
		}
		expect([...seen]).toContain(503);
		await until(200);
		expect((await sai()).kind).toBe("result");
	}, 60_000);

	test("SIGTERM: what is worked on is answered, what was answered is kept, and the code is 0", async () => {
		await start("own");
		const answers = Array.from({ length: 20 }, () => sai());
		await answers[0];
		// These may still be on the way when the signal comes.
		answers.push(...Array.from({ length: 20 }, () => sai()));
		const code = operator.stop();
		const kinds = (await Promise.allSettled(answers)).map((one) =>
			one.status === "fulfilled" ? one.value.kind : "lost",
		);
		expect(await code).toBe(0);
		expect(kinds).not.toContain("lost");
		expect(kinds).toContain("result");
	}, 60_000);

	test("its log has the time in each line, and no K, OPc or password", async () => {
		await start("own");
		await sai();
		await operator.stop();
		expect(operator.events.length).toBeGreaterThan(0);
		for (const event of operator.events) expect(event).toMatchObject({ at: expect.stringMatching(/^\d{4}-.*Z$/) });
		expect(JSON.stringify(operator.events)).not.toMatch(new RegExp(`${subscriber.k}|${subscriber.opc}`));
	}, 60_000);
});
