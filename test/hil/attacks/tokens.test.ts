import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BENCH, world } from "../../../hil/lab/world.ts";
import type { OperatorStatus } from "../../../hil/network/operator/portal/portal.ts";
import type { Device } from "../../../hil/network/operator/records.ts";
import { ask, bearing, type Reply } from "../../support/ask.ts";
import { Elements } from "../../support/elements.ts";
import { newSubscriber, TestVlr } from "../../support/hlr-bench.ts";
import { onTheAir } from "../../support/phone.ts";

const RO = "ro.example";
const APN = world.operators[0].apn;
const { vnoId } = world.vno;

const elements = new Elements();
const [here, elsewhere, nowhere] = [1, 2, 3].map(newSubscriber) as [...ReturnType<typeof newSubscriber>[]] as [
	ReturnType<typeof newSubscriber>,
	ReturnType<typeof newSubscriber>,
	ReturnType<typeof newSubscriber>,
];
/** A device that was never on the air: its operator still owes it an initial bootstrap. */
const fresh: Device = {
	...{ treId: "f0".repeat(16), certSign: "AAAA", certEncrypt: "AAAA", imsi: nowhere.imsi },
	...{ reign: "", serial: 0, bootstrapped: false, left: false },
};
let other: TestVlr;

beforeAll(async () => {
	await elements.operator(RO, (store) => {
		for (const one of [here, elsewhere, nowhere]) store.subscribers.put(one.imsi, one);
		store.devices.put(fresh.treId, fresh);
	});
	await elements.vno();
	other = new TestVlr(elements.entry(RO).gsup, BENCH);
}, 60_000);
afterAll(async () => {
	other?.close();
	await elements.stop();
});

const staff = () => elements.tokens.staff(RO);
const network = () => elements.tokens.network(RO, vnoId);
const wrong = (): [what: string, token: string | undefined, status: number][] => [
	["none", undefined, 401],
	["one that nobody has", randomBytes(16).toString("hex"), 401],
	["the right one, cut short", staff().slice(0, -1), 401],
	["the right one and more", `${staff()}0`, 401],
	["a name", "staff", 401],
	["a name of every object", "__proto__", 401],
	["that of the staff of another operator", elements.tokens.staff("sho-1.example"), 401],
	["that of the visited network at another operator", elements.tokens.network("sho-1.example", vnoId), 401],
];
const shown = (token: string | undefined) => ({ headers: token === undefined ? {} : bearing(token) });

describe("what is for staff is for whoever shows the staff's token", () => {
	const pages = (): [address: string, path: string][] => [
		[elements.entry(RO).portal, "/status"],
		[elements.entry(RO).operations, "/metrics"],
		[elements.entry(RO).operations, "/audit"],
	];

	test("/status, /metrics and /audit: 401 without it or with another one, and no word of a subscriber; 200 with it", async () => {
		for (const [address, path] of pages()) {
			for (const [what, token, status] of [...wrong(), ["the visited network's", network(), 401] as const]) {
				const answer = await ask(address, { path, ...shown(token) });
				expect(answer.status, `${path} with ${what}`).toBe(status);
				expect(answer.text, `${path} with ${what}`).not.toContain(nowhere.imsi);
			}
			expect((await ask(address, { path, ...shown(staff()) })).status, path).toBe(200);
		}
	});

	test("another scheme than Bearer, or the token in the address, is none", async () => {
		for (const [address, path] of pages()) {
			for (const authorization of [`Basic ${staff()}`, staff(), `Bearer  ${staff()}`, `bearer:${staff()}`, "Bearer"])
				expect((await ask(address, { path, headers: { authorization } })).status, authorization).toBe(401);
			expect((await ask(address, { path: `${path}?token=${staff()}` })).status).toBe(401);
		}
	});

	test("/health is for anybody", async () => {
		const { status, text } = await ask(elements.entry(RO).operations, { path: "/health" });
		expect([status, JSON.parse(text)]).toEqual([200, { ok: true, leavesEndInDays: expect.any(Number) }]);
	});
});

describe("the packet gateway and the service centre of a home network", () => {
	const post = (path: string, body: object, token?: string): Promise<Reply> =>
		ask(elements.entry(RO).home, { method: "POST", path, body: JSON.stringify(body), ...shown(token) });
	const data = (imsi: string, token?: string, apn: string = APN) => post("/packet-data", { imsi, apn }, token);
	const bootstrapped = async (): Promise<boolean | undefined> => {
		const { text } = await ask(elements.entry(RO).portal, { path: "/status", ...shown(staff()) });
		return (JSON.parse(text) as OperatorStatus).devices.find(({ treId }) => treId === fresh.treId)?.bootstrapped;
	};

	test("both want a token", async () => {
		for (const [what, token, status] of wrong()) {
			expect((await data(nowhere.imsi, token)).status, what).toBe(status);
			expect((await post("/short-message", { imsi: nowhere.imsi, tpdu: "00" }, token)).status, what).toBe(status);
		}
	});

	test("a short message is the staff's to send, and no visited network's", async () => {
		const message = { imsi: nowhere.imsi, tpdu: "00" };
		const refused = await post("/short-message", message, network());
		expect([refused.status, JSON.parse(refused.text).error]).toEqual([403, "staff-only"]);
		// It is on no network: that is said to staff alone.
		expect((await post("/short-message", message, staff())).status).toBe(404);
	});

	test("forged packet data: nobody can say for a device that was never on the air that it uses some", async () => {
		for (const token of [undefined, staff(), network()]) {
			const { status } = await data(nowhere.imsi, token);
			expect(status).toBe(token === undefined ? 401 : 403);
		}
		expect(await bootstrapped()).toBe(false);
	});

	test("a visited network may ask for those that it has located, and for nobody else", async () => {
		const phone = await onTheAir(elements.visited.radio, here);
		await other.request({ procedure: "UpdateLocation", imsi: elsewhere.imsi });
		expect((await data(here.imsi, network())).status).toBe(200);
		const refused = await data(elsewhere.imsi, network());
		expect([refused.status, JSON.parse(refused.text).error]).toEqual([403, "not-located"]);
		// The staff is no network where a subscriber could be.
		expect((await data(here.imsi, staff())).status).toBe(403);
		expect((await data("001019999999999", network())).status).toBe(404);
		expect((await data(here.imsi, network(), "other.example")).status).toBe(409);

		// It has gone to another network: the former one has no say any more.
		await other.request({ procedure: "UpdateLocation", imsi: here.imsi });
		expect((await data(here.imsi, network())).status).toBe(403);
		phone.close();
	});

	test("through the radio it is granted as before", async () => {
		const phone = await onTheAir(elements.visited.radio, here);
		expect(await phone.activate("other.example")).toMatchObject({ type: "pdp-reject", cause: "apn-unknown" });
		expect(await phone.activate(APN)).toMatchObject({ type: "pdp-accept" });
		phone.close();
	});
});
