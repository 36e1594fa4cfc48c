import { randomBytes } from "node:crypto";
import { Agent as HttpAgent } from "node:http";
import { Agent, createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { M2M_NAMESPACE } from "../../../firmware/contract/documents.ts";
import { BENCH } from "../../../hil/lab/world.ts";
import { provUrl } from "../../../hil/network/operator/context.ts";
import { authMd5 } from "../../../hil/network/operator/dpf/digest.ts";
import type { OperatorStatus } from "../../../hil/network/operator/portal/portal.ts";
import type { Registration } from "../../../hil/network/operator/records.ts";
import { releaseCodeHash } from "../../../hil/network/operator/registration/release-code.ts";
import { type Identity, keyToPem, makeRoot, toPem } from "../../../hil/network/shared/certificates.ts";
import { signEnveloped } from "../../../host/wire/dsig/signature.ts";
import { contentTypes } from "../../../host/wire/syncml/form.ts";
import {
	alerts,
	type Command,
	type Message,
	nodes,
	readMessage,
	writeMessage,
} from "../../../host/wire/syncml/message.ts";
import { canonicalXml, xml } from "../../../host/wire/xml/canonical.ts";
import { ask, bearing } from "../../support/ask.ts";
import { Contracted } from "../../support/contracted.ts";
import { Elements, until } from "../../support/elements.ts";
import { newSubscriber, TestVlr } from "../../support/hlr-bench.ts";
import { type MadeDevice, madeDevice, pvaEntryOf, servedDevice } from "../../support/made-device.ts";
import { Registers } from "../../support/registers.ts";

const [RO, SHO1] = ["ro.example", "sho-1.example"] as const;
const elements = new Elements();
const [subscriber, owned, kept] = [newSubscriber(1), newSubscriber(2), newSubscriber(3)];
let devices: readonly [MadeDevice, MadeDevice, MadeDevice, MadeDevice];
let pva: Identity;
let dishonest: Contracted;
const servers: Server[] = [];

/** A device that is registered at SHO[1] and has its MCIM, and what its DM account says. */
const account = { user: "device", clientPassword: "client", serverPassword: "server" };
const nonceB = Buffer.alloc(16, 7);
const mcimId = Buffer.alloc(16, 9);
const nonce = (text: string): string => Buffer.from(text).toString("base64");
const registrationAs = (treId: string, more: Partial<Registration>): Registration => ({
	treId,
	...account,
	...{ changeId: "c", attempt: 1, tries: 1, certSign: "AAAA", certEncrypt: "AAAA", fromSho: RO, imsi: "001029" },
	...{ mcimId: "AAAA", protectedMcim: "AAAA", accountHash: "AAAA", nonceA: "AAAA", answered: [], state: "registered" },
	...{ serverNonce: nonce("first"), clientNonce: nonce("of the device"), releaseCode: "0".repeat(64) },
	...more,
});
/** Answers to this SHO's messages: as many as are kept. */
const MAX_ANSWERED = 20_000;

beforeAll(async () => {
	pva = await makeRoot("maker.example", "ec");
	devices = (await Promise.all([1, 2, 3, 4].map(() => madeDevice(pva)))) as never as typeof devices;
	dishonest = await Contracted.make("dishonest.example");
	await elements.operator(RO, (store) => {
		for (const one of [subscriber, owned, kept]) store.subscribers.put(one.imsi, one);
		store.devices.put(devices[0].treId, servedDevice(devices[0], owned.imsi));
	});
	await elements.operator(SHO1, (store) => {
		const { treId, certSign, certEncrypt } = devices[3];
		const installing = { certSign, certEncrypt, state: "requested", answered: [nonceB.toString("base64")] } as const;
		store.registrations.put(treId, registrationAs(treId, { ...installing, mcimId: mcimId.toString("base64") }));
		const other = "e0".repeat(16);
		store.registrations.put(other, registrationAs(other, { fromSho: dishonest.shoId }));
		store.atomically(() => {
			for (let n = 0; n < MAX_ANSWERED; n++) store.answered.put(`${dishonest.shoId} ${n}`, { answer: {} });
		});
	});
	elements.contractPva(pvaEntryOf(pva));
	dripped = dripping();
}, 90_000);
afterAll(async () => {
	for (const server of servers) {
		server.closeAllConnections();
		server.close();
	}
	await elements.stop();
});

const staff = (shoId: string) => ({ headers: bearing(elements.tokens.staff(shoId)) });
const statusOf = async (shoId: string): Promise<OperatorStatus> =>
	JSON.parse((await ask(elements.entry(shoId).portal, { path: "/status", ...staff(shoId) })).text);
const registrationOf = async (treId: string) => (await statusOf(SHO1)).registrations.find((one) => one.treId === treId);
const subscribe = async ({ treId, certSign, certEncrypt }: MadeDevice, more: object) => {
	const body = JSON.stringify({ treId, certSign, certEncrypt, nextRelease: releaseCodeHash("next"), ...more });
	const { status, text } = await ask(elements.entry(SHO1).portal, { method: "POST", path: "/subscriptions", body });
	return { status, ...JSON.parse(text) };
};

/** An API of the dishonest SHO that answers as a test says. */
async function apiOf(answer: Parameters<typeof createServer>[1]): Promise<string> {
	const { key, certificate } = dishonest.server;
	const server = createServer({ key: keyToPem(key), cert: toPem(certificate) }, answer as never);
	servers.push(server);
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("strangers on the GSUP port", () => {
	test("as many of them as there are places, each with a name: a network with an agreement gets in", async () => {
		const { gsup, operations } = elements.entry(RO);
		const strangers = Array.from({ length: 300 }, (_, n) => new TestVlr(gsup, `nobody-${n}.example`));
		const connected = async (): Promise<number> => {
			const { text } = await ask(operations, { path: "/metrics", ...staff(RO) });
			return Number(/^visited_networks_connected\{[^}]*\} (\d+)$/m.exec(text)?.[1]);
		};
		await until("strangers are connected", async () => (await connected()) >= 16);
		const asked = new TestVlr(gsup, BENCH);
		const answered = async () =>
			(await asked.request({ procedure: "SendAuthInfo", imsi: subscriber.imsi, vectors: 1 }).catch(() => undefined))
				?.kind;
		await until("the network with an agreement is answered", async () => (await answered()) === "result");
		expect(await connected()).toBeLessThanOrEqual(17);
		// What a stranger asks is refused, and he learns nothing of the subscriber.
		await until("a stranger is told off", async () => {
			const answers = await Promise.all(
				strangers
					.slice(0, 8)
					.map((one) => one.request({ procedure: "SendAuthInfo", imsi: subscriber.imsi }).catch(() => undefined)),
			);
			expect(answers.filter((answer) => answer?.kind === "result")).toEqual([]);
			return answers.some((answer) => answer?.kind === "error") || (await connected()) <= 17;
		});
		for (const one of [...strangers, asked]) one.close();
	});
});

describe("strangers at the DPF while a device is in a DM session", () => {
	const agent = new Agent({ keepAlive: true, maxSockets: 8 });
	afterAll(() => agent.destroy());

	const say = async (message: Partial<Message>, url = provUrl(SHO1)) => {
		const { dpf, certificate } = elements.entry(SHO1);
		const { pathname, search } = new URL(url);
		const whole = { sessionId: "7f", msgId: 1, target: url, source: "urn:tre:d0", commands: [], final: true };
		const { status, text } = await ask(dpf.address, {
			...{ method: "POST", path: pathname + search, body: writeMessage({ ...whole, ...message }), agent },
			...{ headers: { "content-type": contentTypes.xml }, tls: { servername: dpf.host, ca: certificate } },
		});
		expect(status).toBe(200);
		return readMessage(text);
	};
	const codes = ({ commands }: Message) => commands.map((one) => (one.name === "Status" ? one.code : one.name));
	const alert: Command = {
		...{ name: "Alert", cmdId: "2", code: alerts.generic },
		items: [{ source: nodes.receipt, data: nonce("no receipt") }],
	};
	const refusal: Command = {
		...{ name: "Status", cmdId: "1", msgRef: 1, cmdRef: "0", cmd: "SyncHdr", code: 401 },
		nextNonce: nonce("the stranger's"),
	};
	const kept = () => new Registers(elements.folderOf(`operator-${SHO1}`)).get("registration", devices[3].treId);
	/** What makes the server go on: network parameters follow. */
	const installed = (): Command => {
		const said = {
			TREId: devices[3].treId,
			State: "installed",
			CurrentRoot: "AAAA",
			Reign: "ab".repeat(32),
			Serial: "1",
		};
		const ids = { NonceB: nonceB.toString("base64"), McimId: mcimId.toString("base64"), Challenge: "AAAA" };
		const content = Object.entries({ ...said, ...ids }).map(([name, text]) => xml(name, text));
		const document = canonicalXml(xml("TREReceipt", content, { xmlns: M2M_NAMESPACE }));
		const data = Buffer.from(signEnveloped(document, devices[3].key)).toString("base64");
		return { ...{ name: "Alert", cmdId: "1", code: alerts.generic }, items: [{ source: nodes.receipt, data }] };
	};

	test("with its name and its session's number they get neither in, nor it out; hundreds of others do not either", async () => {
		const cred = authMd5(account.user, account.clientPassword, Buffer.from("first"));
		const opened = await say({ locName: devices[3].treId, cred, commands: [installed()] });
		expect(codes(opened).slice(0, 2)).toEqual([212, 200]);
		expect(codes(opened).length).toBeGreaterThan(2);
		expect(opened.cred).toBeDefined();
		const own = opened.respUri as string;

		const second = await say({ msgId: 2, commands: [refusal, alert] });
		expect(codes(second)).toEqual([407]);
		expect(second.cred, "the server's digest is for the device alone").toBeUndefined();
		expect(codes(await say({ msgId: 1 }))).toEqual([407]);
		expect(codes(await say({ msgId: 2, commands: [alert] }, `${provUrl(SHO1)}?session=${"0".repeat(32)}`))).toEqual([
			407,
		]);
		expect(kept()?.clientNonce).toBe(nonce("of the device"));

		let n = 0;
		const flood = async () => {
			while (n++ < 300) await say({ msgId: 1, source: `urn:tre:${n}`, sessionId: String(n) });
		};
		await Promise.all(Array.from({ length: 8 }, flood));
		expect(codes(await say({ msgId: 3, commands: [alert] }, own))[0]).toBe(200);
	});

	test("a wrong credential, with whatever name, opens no session", async () => {
		for (const locName of [devices[3].treId, "__proto__", "toString", "0".repeat(32)]) {
			const message = await say({ locName, cred: authMd5("device", "wrong", randomBytes(16)), commands: [alert] });
			expect(codes(message)).toEqual([401]);
		}
	});
});

describe("a stranger registers somebody else's device from an SHO that does not answer", () => {
	test("the owner with the right SHO and the right code takes its place", async () => {
		const [device] = devices;
		elements.contractOperator(dishonest.entry("00177"));
		expect(await subscribe(device, { shoId: dishonest.shoId })).toMatchObject({ status: 200, reached: false });
		expect(await registrationOf(device.treId)).toMatchObject({ state: "registered", fromSho: dishonest.shoId });
		const owner = { shoId: RO, releaseCode: device.releaseCode, nextRelease: releaseCodeHash("the owner's") };
		expect(await subscribe(device, owner)).toMatchObject({ status: 200, reached: true });
		expect(await registrationOf(device.treId)).toMatchObject({ state: "registered", fromSho: RO });

		// The other way round it does not go: his SHO has heard of it.
		expect(await subscribe(device, { shoId: dishonest.shoId })).toMatchObject({
			...{ status: 409, error: "change-under-way" },
		});
		// The silent one is there again: neither letter of the former registration changes anything.
		const heard: string[] = [];
		const api = await apiOf((request, response) => {
			heard.push(request.url ?? "");
			response.end("{}");
		});
		elements.contractOperator(dishonest.entry("00177", api));
		await until("it hears that the registration is withdrawn", () => heard.includes("/peer/withdraw"));
		expect(heard[0]).toBe("/peer/register");
		expect(await registrationOf(device.treId)).toMatchObject({ state: "registered", fromSho: RO });
	});
});

let dripped: ReturnType<typeof subscribe>;
/** An SHO with an answer that never ends; what the portal says to whoever named it. */
async function dripping() {
	const slow = await Contracted.make("slow.example");
	const server = createServer(
		{ key: keyToPem(slow.server.key), cert: toPem(slow.server.certificate) },
		(_request, response) => {
			response.writeHead(200);
			const drip = setInterval(() => response.write(" "), 500);
			response.on("close", () => clearInterval(drip));
		},
	);
	servers.push(server);
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	elements.contractOperator(slow.entry("00178", `127.0.0.1:${(server.address() as AddressInfo).port}`));
	return subscribe(devices[1], { shoId: "slow.example" });
}

describe("a contracted SHO that means no good", () => {
	test("what it refuses with is shown as one line of some length, without anything that a terminal would obey", async () => {
		const device = devices[2];
		const message = `\u001b]0;owned\u0007\u001b[31mFAKE: TRE is served\u001b[0m\r\n\u202e${"A".repeat(200_000)}`;
		const api = await apiOf((_request, response) => {
			response.writeHead(409, { "content-type": "application/json" });
			response.end(JSON.stringify({ error: `no\u001b[2J${"B".repeat(100_000)}`, message }));
		});
		elements.contractOperator(dishonest.entry("00177", api));
		const said = await subscribe(device, { shoId: dishonest.shoId });
		const { state, why } = (await registrationOf(device.treId)) ?? {};
		expect([said.status, state]).toEqual([409, "refused"]);
		for (const text of [said.error, said.message, why]) {
			expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
			expect(text.length).toBeLessThanOrEqual(300);
		}
		expect(why).toContain("FAKE");
		const { text } = await ask(elements.entry(SHO1).portal, { path: "/status", ...staff(SHO1) });
		expect(text.length).toBeLessThan(10_000);
	});

	test("a letter that comes again has the same answer, and no second effect; another SHO's of that id is another letter", async () => {
		const to = elements.entry(SHO1);
		const treId = "e0".repeat(16);
		const about = { id: "once", treId, changeId: "c" };
		elements.contractOperator(dishonest.entry("00177"));
		const first = await dishonest.post(to, "/peer/delivered", about);
		expect([first.status, (await registrationOf(treId))?.delivered]).toEqual([200, true]);
		// Under an id that was answered before, nothing else happens, whatever the letter says.
		const again = await dishonest.post(to, "/peer/refused", about);
		expect([again.status, again.text]).toEqual([200, first.text]);
		expect((await registrationOf(treId))?.state).toBe("registered");
		const other = await Contracted.make("other.example");
		elements.contractOperator(other.entry("00179"));
		expect((await other.post(to, "/peer/delivered", about)).status).toBe(404);
	});

	test("letters without number: answers to so many are kept, the newest among them", async () => {
		const to = elements.entry(SHO1);
		for (const id of ["a", "b", "c"])
			expect(
				(await dishonest.post(to, "/peer/delivered", { id, treId: "e0".repeat(16), changeId: "other" })).status,
			).toBe(200);
		const rows = new Registers(elements.folderOf(`operator-${SHO1}`)).rows("answered_message");
		expect(rows.length).toBe(MAX_ANSWERED);
		const ids = rows.map(({ message }) => message);
		expect(ids).toContain(`${dishonest.shoId} c`);
		expect(ids).not.toContain(`${dishonest.shoId} 0`);
		expect(elements.died).toEqual([]);
	});
});

describe("devices that nobody knows, by the hundred", () => {
	const MANY = 500;
	const agent = new HttpAgent({ keepAlive: true, maxSockets: 16 });
	afterAll(() => agent.destroy());

	test("each registration is refused by name, and none of them is kept", async () => {
		const { portal } = elements.entry(SHO1);
		const before = (await statusOf(SHO1)).registrations.length;
		const seen = new Map<string, number>();
		let n = 0;
		const flood = async () => {
			while (n++ < MANY) {
				const [certSign, certEncrypt] = [randomBytes(64), randomBytes(64)].map((one) => one.toString("base64"));
				const body = JSON.stringify({
					...{ treId: randomBytes(16).toString("hex"), certSign, certEncrypt },
					...{ shoId: RO, nextRelease: "0".repeat(64) },
				});
				const { status, text } = await ask(portal, { method: "POST", path: "/subscriptions", body, agent });
				const key = `${status} ${JSON.parse(text).error}`;
				seen.set(key, (seen.get(key) ?? 0) + 1);
			}
		};
		await Promise.all(Array.from({ length: 16 }, flood));
		expect([...seen]).toEqual([["409 cert-tre", MANY]]);
		expect((await statusOf(SHO1)).registrations.length).toBe(before);
	});
});

describe("a device is registered from an SHO that never ends its answer", () => {
	test("the subscriber is answered: an octet now and then is no sign of life", async () => {
		expect(await dripped).toMatchObject({ status: 200, reached: false });
	});
});
