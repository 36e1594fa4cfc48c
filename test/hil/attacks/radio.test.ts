import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { world } from "../../../hil/lab/world.ts";
import { ask, bearing } from "../../support/ask.ts";
import type { ElementProcess } from "../../support/element-process.ts";
import { Elements, until } from "../../support/elements.ts";
import { BARRED, newSubscriber } from "../../support/hlr-bench.ts";
import { onTheAir, Phone } from "../../support/phone.ts";

const RO = "ro.example";
const { apn } = world.operators[0];
const elements = new Elements();
const [one, other, silent] = [1, 2, 3].map(newSubscriber) as [
	ReturnType<typeof newSubscriber>,
	ReturnType<typeof newSubscriber>,
	ReturnType<typeof newSubscriber>,
];
let vno: ElementProcess;

beforeAll(async () => {
	const plant = (store: { subscribers: { put(imsi: string, value: typeof one): unknown } }) => {
		for (const card of [one, other, silent]) store.subscribers.put(card.imsi, card);
	};
	await elements.operator(RO, plant, { barredImeis: [BARRED] });
	vno = await elements.vno();
}, 60_000);
afterAll(() => elements.stop());

const radio = () => elements.visited.radio;
const proxy = () => ({ host: "127.0.0.1", port: elements.portOf("vno", "data") });

/** Asks the bearer for a way to a host; the status, and the connection. */
function tunnel(token: string, to = `dpf.${RO}:443`) {
	const { host, port } = proxy();
	const socket = connect(port, host);
	socket.on("error", () => undefined);
	socket.write(`CONNECT ${to} HTTP/1.1\r\nhost: ${to}\r\nproxy-authorization: Bearer ${token}\r\n\r\n`);
	const status = new Promise<number>((done) => {
		socket.once("data", (octets) => done(Number(octets.toString("latin1").split(" ")[1])));
		socket.once("close", () => done(0));
	});
	const closed = new Promise<void>((done) => socket.once("close", () => done()));
	return { socket, status, closed };
}

async function packetData(phone: Phone): Promise<string> {
	const answer = await phone.activate(apn);
	if (answer.type !== "pdp-accept") throw new Error(`packet data refused: ${answer.cause}`);
	return answer.token;
}

describe("what comes over the radio and is no message of it", () => {
	const said = () => JSON.stringify(vno.events).length;

	test.each<[what: string, message: object]>([
		["letters in an IMSI", { type: "attach", imsi: "00101zzzz" }],
		["NUL in an IMSI", { type: "attach", imsi: "00101\u00001234" }],
		["an IMSI of 54 KB", { type: "attach", imsi: `00101${"9".repeat(54_000)}` }],
		["an IMSI that is too short", { type: "attach", imsi: "00101" }],
		["an IMSI of another kind", { type: "attach", imsi: 1010000000001 }],
		["an IMEI of letters", { type: "attach", imsi: one.imsi, imei: "3500000000000x" }],
		["an APN of 54 KB", { type: "pdp-activate", apn: "a".repeat(54_000) }],
		["a TPDU of 54 KB", { type: "sms-submit", tpdu: "00".repeat(27_000) }],
		["a RES that is none", { type: "auth-response", res: "zz" }],
		["a type that every object has", { type: "constructor" }],
	])("%s: the connection ends, and the log does not grow by it", async (_what, message) => {
		const before = said();
		for (let n = 0; n < 5; n++) {
			const phone = new Phone(radio(), one);
			phone.say(JSON.stringify(message));
			await until("it is cut off", () => phone.closed);
		}
		expect(said() - before).toBeLessThan(5_000);
		expect(elements.died).toEqual([]);
	});

	test("a line without end is cut off", async () => {
		const phone = new Phone(radio(), one);
		for (let n = 0; n < 200 && !phone.closed; n++) {
			phone.say("x".repeat(1_000).trimEnd());
			await new Promise(setImmediate);
		}
		await until("it is cut off", () => phone.closed);
	});

	test("subscribers that nobody knows, by the thousand: each is refused by name, and the next one that is known is served", async () => {
		const MANY = 2_000;
		const phones = Array.from({ length: 8 }, (_, lane) => ({ lane, refused: 0 }));
		const before = said();
		await Promise.all(
			phones.map(async (entry) => {
				for (let n = 0; n < MANY / 8; n++) {
					const card = { ...one, imsi: `00101${String(5_000_000_000 + entry.lane * MANY + n)}` };
					const phone = new Phone(radio(), card);
					const answer = await phone.attach();
					expect(answer).toMatchObject({ type: "attach-reject", cause: "imsi-unknown" });
					entry.refused++;
					phone.close();
				}
			}),
		);
		expect(phones.reduce((sum, { refused }) => sum + refused, 0)).toBe(MANY);
		expect((said() - before) / MANY, "octets of log for each").toBeLessThan(1_000);
		(await onTheAir(radio(), one)).close();
		const { text } = await ask(elements.entry(RO).operations, {
			...{ path: "/metrics", headers: bearing(elements.tokens.staff(RO)) },
		});
		expect(text).toMatch(/^subscribers\{[^}]*\} 3$/m);
		expect(elements.died).toEqual([]);
	});
});

describe("equipment that its operator has barred", () => {
	test("it is refused at attach, with a name; other equipment of the same card, and none named, is served", async () => {
		for (const imei of [BARRED, `${BARRED}1`]) {
			const phone = new Phone(radio(), one);
			expect(await phone.attach(imei)).toEqual({ type: "attach-reject", cause: "illegal-equipment" });
			expect(await phone.activate(apn)).toMatchObject({ type: "pdp-reject", cause: "not-attached" });
			phone.close();
		}
		for (const imei of ["35000000000001", "350000000000018", undefined]) {
			const phone = new Phone(radio(), one);
			expect(await phone.attach(imei), String(imei)).toMatchObject({ type: "attach-accept" });
			phone.close();
		}
	});
});

describe("the same subscriber over two radios of one visited network", () => {
	test("the former one loses its packet data and its place; the latter keeps both", async () => {
		const former = await onTheAir(radio(), one);
		const token = await packetData(former);
		const before = tunnel(token);
		expect(await before.status).toBe(200);

		const latter = await onTheAir(radio(), one);
		await before.closed;
		await until("the former radio connection ends", () => former.closed);
		expect(await tunnel(token).status).toBe(407);
		const own = await packetData(latter);
		const way = tunnel(own);
		expect(await way.status).toBe(200);
		expect(latter.closed).toBe(false);
		way.socket.destroy();
		latter.close();
	});

	test("the former one's end says nothing of the latter: a message finds it", async () => {
		const former = await onTheAir(radio(), one);
		const latter = await onTheAir(radio(), one);
		await until("the former radio connection ends", () => former.closed);
		const { status } = await message(one.imsi);
		expect(status).toBe(200);
		expect(latter.heard.filter(({ type }) => type === "sms")).toHaveLength(1);
		latter.close();
	});
});

const message = (imsi: string) =>
	ask(elements.entry(RO).home, {
		...{ method: "POST", path: "/short-message", body: JSON.stringify({ imsi, tpdu: "00" }) },
		headers: bearing(elements.tokens.staff(RO)),
	});

/** Fewer than the connections that a server takes at once. */
const MESSAGES = 150;

describe("a device that does not acknowledge, and many messages for it", () => {
	test("429 beyond a few; others of its operator attach, and get theirs, while it is silent", async () => {
		const deaf = await onTheAir(radio(), silent);
		deaf.acknowledges = false;
		let refused = 0;
		const sent = Array.from({ length: MESSAGES }, () =>
			message(silent.imsi).then(({ status }) => {
				if (status === 429) refused++;
				return status;
			}),
		);
		await until("most are refused at once", () => refused >= MESSAGES - 10);
		// The first ones still wait.
		expect(deaf.heard.filter(({ type }) => type === "sms").length).toBeLessThanOrEqual(4);
		const phone = await onTheAir(radio(), other);
		expect((await message(other.imsi)).status).toBe(200);
		expect(phone.heard).toMatchObject([{ type: "sms" }]);
		phone.close();
		// Off the air: who waits is told so.
		deaf.close();
		const statuses = await Promise.all(sent);
		expect(statuses.filter((status) => status !== 429).every((status) => status === 404 || status === 504)).toBe(true);
	});
});

describe("the bearer", () => {
	test("to a DPF of the home operator's choice it leads, to other ports and hosts it does not", async () => {
		const phone = await onTheAir(radio(), one);
		const token = await packetData(phone);
		const { dpf, portal, gsup } = elements.entry(RO);
		const elsewhere = [
			...[dpf.address, portal.replace("http://", ""), gsup, "127.0.0.1:22", "localhost:443", "[::1]:443"],
			...[
				`${dpf.host}:22`,
				`${dpf.host}:80`,
				`api.${RO}:443`,
				"__proto__:443",
				"x",
				`${dpf.host}.:443`,
				`${dpf.host}:443:443`,
			],
		];
		for (const to of elsewhere) expect([403, 400], to).toContain(await tunnel(token, to).status);
		const way = tunnel(token);
		expect(await way.status).toBe(200);
		way.socket.destroy();
		for (const wrong of ["0".repeat(32), "__proto__", "constructor", token.slice(1)])
			expect(await tunnel(wrong).status, wrong).toBe(407);
		phone.close();
	});

	test("so many tunnels of one device at once, and 429 for a further one, until one ends", async () => {
		const [phone, second] = [await onTheAir(radio(), one), await onTheAir(radio(), other)];
		const [token, its] = [await packetData(phone), await packetData(second)];
		const ways = Array.from({ length: 16 }, () => tunnel(token));
		expect(new Set(await Promise.all(ways.map(({ status }) => status)))).toEqual(new Set([200]));
		expect(await tunnel(token).status).toBe(429);
		const way = tunnel(its);
		expect(await way.status).toBe(200);
		way.socket.destroy();
		ways[0]?.socket.destroy();
		await until("its place is free", async () => {
			const again = tunnel(token);
			const status = await again.status;
			again.socket.destroy();
			return status === 200;
		});
		for (const { socket } of ways) socket.destroy();
		// With the attachment the bearer ends.
		phone.close();
		await until("its token is void", async () => (await tunnel(token).status) === 407);
		second.close();
	});
});
