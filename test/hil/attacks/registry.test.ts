import { readFileSync, writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { world } from "../../../hil/lab/world.ts";
import { drawFree, newImsi } from "../../../hil/network/operator/provisioning/imsi.ts";
import { OperatorStore } from "../../../hil/network/operator/store.ts";
import { Registry } from "../../../hil/network/shared/registry.ts";
import { ask } from "../../support/ask.ts";
import { Contracted } from "../../support/contracted.ts";
import { Elements } from "../../support/elements.ts";
import { newSubscriber } from "../../support/hlr-bench.ts";
import { onTheAir } from "../../support/phone.ts";

const RO = "ro.example";
const elements = new Elements();
const [first, second] = [newSubscriber(1), newSubscriber(2)];

beforeAll(async () => {
	await elements.operator(RO, (store) => {
		for (const one of [first, second]) store.subscribers.put(one.imsi, one);
	});
	await elements.vno();
}, 60_000);
afterAll(() => elements.stop());

describe("registry.json is written in place, and is cut off for a moment", () => {
	let whole: string;
	beforeAll(() => {
		whole = readFileSync(elements.registryPath, "utf8");
	});
	afterEach(() => writeFileSync(elements.registryPath, whole));

	test.each<[what: string, content: () => string]>([
		["empty", () => ""],
		["half of it", () => whole.slice(0, whole.length / 2)],
		["JSON that is no registry", () => "null"],
		["lists that are none", () => '{"operators":{},"pvas":7,"vnos":null}'],
	])("%s: nobody dies of it, and what was there counts", async (_what, content) => {
		const phone = await onTheAir(elements.visited.radio, first);
		const { apn } = world.operators[0];
		expect(await phone.activate(apn)).toMatchObject({ type: "pdp-accept" });
		const { portal } = elements.entry(RO);
		const { radio } = elements.visited;
		writeFileSync(elements.registryPath, content());
		// The visited network looks into it by itself, too.
		await sleep(700);
		expect(phone.closed).toBe(false);
		const other = await onTheAir(radio, second);
		expect(await other.activate(apn)).toMatchObject({ type: "pdp-accept" });
		phone.close();
		other.close();
		const body = JSON.stringify({ treId: "0".repeat(32) });
		expect((await ask(portal, { method: "POST", path: "/subscriptions", body })).status).toBe(400);
		await sleep(100);
		expect(elements.died).toEqual([]);
	});

	test("one that could never be read is an error for whoever asks, and read as soon as it is whole", () => {
		const registry = new Registry(elements.registryPath);
		writeFileSync(elements.registryPath, "{");
		expect(() => registry.content).toThrow();
		writeFileSync(elements.registryPath, whole);
		expect(registry.operator(RO)?.shoId).toBe(RO);
	});
});

describe("an SHO whose contract ends", () => {
	test("403 at its next request, also on a connection that it keeps, and heard again with a new contract", async () => {
		const peer = await Contracted.make("peer.example");
		elements.contractOperator(peer.entry("00177"));
		const to = elements.entry(RO);
		const agent = new Agent({ keepAlive: true, maxSockets: 1 });
		const about = { id: "1", treId: "0".repeat(32), changeId: "c" };
		const say = (id: string) =>
			ask(to.api.address, {
				...{ method: "POST", path: "/peer/delivered", body: JSON.stringify({ ...about, id }) },
				...{ tls: peer.tls(to), agent },
			});
		const errorOf = async (id: string) => {
			const { status, text } = await say(id);
			return [status, JSON.parse(text).error];
		};
		expect(await errorOf("1")).toEqual([404, "no-registration"]);
		const { operators, ...others } = elements.content;
		elements.contract({ ...others, operators: operators.filter(({ shoId }) => shoId !== peer.shoId) });
		expect(await errorOf("2")).toEqual([403, "not-contracted"]);
		elements.contractOperator(peer.entry("00177"));
		expect(await errorOf("3")).toEqual([404, "no-registration"]);
		agent.destroy();
	});

	test("a root of the same name, and a leaf of the same root with another name, are of no contracted party", async () => {
		const [peer, namesake] = [await Contracted.make("peer.example"), await Contracted.make("peer.example")];
		elements.contractOperator(peer.entry("00177"));
		const to = elements.entry(RO);
		const about = { id: "4", treId: "0".repeat(32), changeId: "c" };
		expect((await peer.post(to, "/peer/delivered", about)).status).toBe(404);
		expect((await namesake.post(to, "/peer/delivered", about)).status).toBe(403);
	});
});

describe("an operator whose IMSIs are all given out", () => {
	test("the last one is found, and then there is an error of that name instead of a search without end", async () => {
		const folder = elements.folderOf("full");
		const store = await OperatorStore.open(folder);
		try {
			// A range of ten numbers: what counts is how many are left.
			const plmn = "00101123456789";
			const context = { config: { plmn, shoId: "full.example" }, store };
			const given = new Set<string>();
			for (let n = 0; n < 10; n++) {
				const imsi = newImsi(context as never);
				expect(imsi).toMatch(new RegExp(`^${plmn}\\d$`));
				given.add(imsi);
				store.subscribers.put(imsi, { ...first, imsi });
			}
			expect(given.size).toBe(10);
			expect(() => newImsi(context as never)).toThrow(
				expect.objectContaining({ code: "imsi-range-full", status: 503 }),
			);
			store.forget(`${plmn}7`);
			expect(newImsi(context as never)).toBe(`${plmn}7`);
		} finally {
			await store.close();
		}
	});

	test("a range that is nearly full is looked through, whatever is drawn", () => {
		for (const draw of [() => 0, (below: number) => below - 1])
			expect(drawFree(1_000, 999, (number) => number !== 500, draw)).toBe(500);
		expect(drawFree(1_000, 1_000, () => true)).toBeUndefined();
	});
});
