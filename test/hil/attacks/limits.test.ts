import { readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readAddress } from "../../../host/wire/address.ts";
import { contentTypes } from "../../../host/wire/syncml/form.ts";
import { treeOf } from "../../../host/wire/syncml/message.ts";
import { encodeWbxml } from "../../../host/wire/wbxml/encode.ts";
import { ask, bearing, type Question, type Reply } from "../../support/ask.ts";
import { Contracted } from "../../support/contracted.ts";
import { Elements } from "../../support/elements.ts";

const elements = new Elements();
const RO = "ro.example";
let peer: Contracted;

beforeAll(async () => {
	peer = await Contracted.make("peer.example");
	await Promise.all([elements.operator(RO), elements.pva(), elements.vno()]);
	elements.contractOperator(peer.entry("00177"));
	slow = Object.fromEntries(names.map((name) => [name, statusOfSlow(name)]));
}, 60_000);
afterAll(() => elements.stop());

interface Served {
	/** Where it listens, and what everybody has to show there. */
	at(): { readonly address: string } & Pick<Question, "tls" | "headers">;
	/** A path, the method that it is served with, and one that it is not. */
	readonly known: readonly [path: string, method: string, other: string];
	/** Takes it bodies? */
	readonly takes: boolean;
}

const operator = () => elements.entry(RO);
const pva = () => elements.content.pvas[0] as (typeof elements.content.pvas)[number];
const staff = () => ({ headers: bearing(elements.tokens.staff(RO)) });
const form = { "content-type": contentTypes.xml };

/** The factory station's own leaf. */
const station = () => ({
	...{ servername: pva().api.host, ca: pva().certificate },
	...{ key: readFileSync(join(elements.folder, "pva/station.key"), "utf8") },
	...{ cert: readFileSync(join(elements.folder, "pva/station.pem"), "utf8") },
});

const servers: Readonly<Record<string, Served>> = {
	portal: {
		at: () => ({ address: operator().portal }),
		...{ known: ["/subscriptions", "POST", "GET"], takes: true },
	},
	home: {
		at: () => ({ address: operator().home, ...staff() }),
		...{ known: ["/short-message", "POST", "PUT"], takes: true },
	},
	operations: {
		at: () => ({ address: operator().operations, ...staff() }),
		...{ known: ["/health", "GET", "POST"], takes: false },
	},
	"peer API": {
		at: () => ({ address: operator().api.address, tls: peer.tls(operator()) }),
		...{ known: ["/peer/register", "POST", "DELETE"], takes: true },
	},
	DPF: {
		at: () => ({
			address: operator().dpf.address,
			tls: { servername: operator().dpf.host, ca: operator().certificate },
			headers: form,
		}),
		...{ known: ["/dm", "POST", "GET"], takes: true },
	},
	PVA: {
		at: () => ({ address: pva().api.address, tls: station() }),
		...{ known: ["/certify", "POST", "GET"], takes: true },
	},
};
const names = Object.keys(servers);

function question(name: string, more: Question): Promise<Reply> {
	const { at } = servers[name] as Served;
	const { address, headers, ...tls } = at();
	return ask(address, { ...tls, ...more, headers: { ...headers, ...more.headers } });
}

/** Begins a request, and does not end it. */
function statusOfSlow(name: string): Promise<string> {
	const { at } = servers[name] as Served;
	const { address, tls } = at();
	const { host, port } = readAddress(address.replace("http://", ""));
	const socket: Socket = tls ? connectTls({ host, port, ...tls }) : connectTcp(port, host);
	return new Promise((done) => {
		let said = "";
		socket.on("data", (octets) => {
			said += octets.toString("latin1");
		});
		socket.on("error", () => undefined);
		socket.on("close", () => done(said.split("\r\n")[0] ?? ""));
		socket.write("POST /a HTTP/1.1\r\nhost: slow\r\n");
	});
}
let slow: Record<string, Promise<string>>;

describe("every limit of every HTTP server has its status", () => {
	test.each(names)("%s: 404 for a path that nobody serves, whatever its name is", async (name) => {
		for (const path of ["/", "/nothing", "/toString", "/__proto__", "/constructor", "*", "//", "/%00"])
			for (const method of ["GET", "POST"])
				expect((await question(name, { method, path })).status, `${method} ${path}`).toBe(404);
	});

	test.each(names)("%s: 405 for a path with another method, and the one that it is served with", async (name) => {
		const [path, allow, other] = (servers[name] as Served).known;
		for (const method of [other, "PATCH", "OPTIONS"]) {
			const { status, headers } = await question(name, { method, path: `${path}?a=b` });
			expect([status, headers.allow], `${method} ${path}`).toEqual([405, allow]);
		}
	});

	test.each(names.filter((name) => servers[name]?.takes))("%s: 413 for a body over the limit", async (name) => {
		const [path, method] = (servers[name] as Served).known;
		const { status, headers } = await question(name, { method, path, body: "x".repeat(300_000) });
		expect([status, headers.connection]).toEqual([413, "close"]);
	});

	test.each(names)("%s: 431 for header fields over the limit", async (name) => {
		const [path, method] = (servers[name] as Served).known;
		const headers = { "x-long": "x".repeat(20_000) };
		expect((await question(name, { method, path, headers })).status).toBe(431);
	});

	test.each(names.filter((name) => servers[name]?.takes))("%s: 400 for a body that is none", async (name) => {
		const [path, method] = (servers[name] as Served).known;
		for (const body of ["{", "null", "7", "[]", "\u0000", "[".repeat(100_000), "<a", Buffer.of(0xff, 0xfe)])
			expect((await question(name, { method, path, body })).status, String(body).slice(0, 20)).toBe(400);
	});

	test("the bearer of a visited network: 405 for what is no CONNECT, and what it is there for", async () => {
		const address = `127.0.0.1:${elements.portOf("vno", "data")}`;
		const { status, headers } = await ask(address, { path: "http://dpf.ro.example/dm" });
		expect([status, headers.allow]).toEqual([405, "CONNECT"]);
	});

	test("DPF: 415 for a message of another type", async () => {
		const headers = { "content-type": "text/plain" };
		expect((await question("DPF", { method: "POST", path: "/dm", headers, body: "a" })).status).toBe(415);
	});

	test("PVA: junk in a body of the right form is refused in words, not as a defect of the PVA", async () => {
		const treId = "0".repeat(32);
		const post = (path: string, body: unknown) => question("PVA", { method: "POST", path, body: JSON.stringify(body) });
		const junk: [path: string, body: unknown][] = [
			...["/certify", "/issued", "/wipe", "/validate"].flatMap((path): [string, unknown][] =>
				[null, {}, { treId }, { treId: 7 }, { treId: "x", certificates: [], nonce: "" }].map((body) => [path, body]),
			),
			["/certify", { treId, signRequest: "AAAA", encryptRequest: "AAAA" }],
			["/certify", { treId, signRequest: "A".repeat(100_000), encryptRequest: "" }],
			["/certify", { treId, signRequest: { a: 1 }, encryptRequest: ["AAAA"] }],
			["/validate", { treId, certificates: "00" }],
			["/validate", { treId, certificates: [null, 7] }],
			["/wipe", { treId, nonce: "AAAA" }],
		];
		for (const [path, body] of junk) {
			const { status, text } = await post(path, body);
			const what = `${path} ${JSON.stringify(body).slice(0, 60)}`;
			expect(status, what).toBeGreaterThanOrEqual(400);
			expect(status, what).toBeLessThan(500);
			expect(text, what).not.toMatch(/Cannot read|undefined|\bat\b .*:\d+/);
		}
	});
});

/** A source of some hundred thousand characters in 4.4 KB: references to one string of the string table. */
function swollenMessage(references: number): Buffer {
	const plain = encodeWbxml(
		treeOf({ sessionId: "1", msgId: 1, target: "x", source: "SRC", commands: [], final: true }),
	);
	const at = plain.indexOf(Buffer.from("\u0003SRC\u0000", "latin1"));
	const length = plain.indexOf(0, 2);
	const table = Buffer.from(`${"\u0416".repeat(2040)}\u0000`);
	const integer = Buffer.of((table.length >> 7) | 0x80, table.length & 0x7f);
	const twice = Array.from({ length: references }, () => [0x83, 0]).flat();
	const parts = [plain.subarray(0, length), integer, table, plain.subarray(length + 1, at)];
	return Buffer.concat([...parts, Buffer.from(twice), plain.subarray(at + 5)]);
}

describe("a DM message that swells when it is read", () => {
	test("it gets a status of its own, and the operator goes on", async () => {
		for (const references of [1, 60, 120, 128, 4_000]) {
			const body = swollenMessage(references);
			const headers = { "content-type": contentTypes.wbxml };
			const { status } = await question("DPF", { method: "POST", path: "/dm", headers, body });
			expect([400, 413], `${body.length} octets`).toContain(status);
		}
		expect((await question("operations", { path: "/health" })).status).toBe(200);
		expect(elements.died).toEqual([]);
	});
});

describe("requests that are begun and not ended", () => {
	test.each(names)("%s: 408, and the connection is closed", async (name) => {
		expect(await slow[name]).toBe("HTTP/1.1 408 Request Timeout");
	});
});
