import { spawnSync } from "node:child_process";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../../support/ask.ts";
import type { ElementProcess } from "../../support/element-process.ts";
import { descriptorsOf, Elements, until } from "../../support/elements.ts";
import { newSubscriber } from "../../support/hlr-bench.ts";
import { onTheAir } from "../../support/phone.ts";

const RO = "ro.example";
/** File descriptors that an element may have: fewer than the floods of these tests would take. */
const DESCRIPTORS = 800;
/** Connections that one HTTP server takes at once. */
const MOST = 256;

const elements = new Elements();
const cards = [1, 2].map(newSubscriber);
let operator: ElementProcess;
let vno: ElementProcess;

const bounded = ({ pid }: ElementProcess): void => {
	const limit = `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`;
	expect(spawnSync("prlimit", ["--pid", String(pid), limit]).status).toBe(0);
};

beforeAll(async () => {
	operator = await elements.operator(RO, (store) => {
		for (const card of cards) store.subscribers.put(card.imsi, card);
	});
	vno = await elements.vno();
	for (const element of [operator, vno]) bounded(element);
	(await onTheAir(elements.visited.radio, cards[0] as (typeof cards)[0])).close();
}, 60_000);
afterAll(() => elements.stop());

let held: Socket[] = [];
const letGo = () => {
	for (const socket of held) socket.destroy();
	held = [];
};
afterEach(letGo);

/** Connections that say `word`, or nothing, and stay as long as they are let; resolves to them once they are there or gone. */
async function flood(address: string, count: number, word?: string): Promise<readonly Socket[]> {
	const [host, port] = address.split(":") as [string, string];
	const sockets: Socket[] = [];
	let settled = 0;
	for (let n = 0; n < count; n++) {
		const socket = connect({ host, port: Number(port), allowHalfOpen: true });
		let told = false;
		const settle = () => {
			settled += told ? 0 : 1;
			told = true;
		};
		socket.on("error", () => undefined);
		socket.on("connect", () => word === undefined || socket.write(word));
		socket.on("connect", settle);
		socket.on("close", settle);
		socket.resume();
		sockets.push(socket);
		held.push(socket);
		if (n % 100 === 99) await sleep(10);
	}
	await until("all of them are settled", () => settled === count);
	return sockets;
}

const data = () => `127.0.0.1:${elements.portOf("vno", "data")}`;
const bare = (url: string) => url.replace("http://", "");
const attaches = async (): Promise<void> => {
	(await onTheAir(elements.visited.radio, cards[0] as (typeof cards)[0])).close();
};

describe("connections without number that say nothing", () => {
	test("to the air interface, more than the visited network can have files open: it lives, and who is on the air stays", async () => {
		const phone = await onTheAir(elements.visited.radio, cards[1] as (typeof cards)[1]);
		await flood(elements.visited.radio, 1_000);
		// It looks for home networks in the registry, which it cannot open now.
		await sleep(1_200);
		expect(elements.died).toEqual([]);
		expect(phone.closed).toBe(false);
		letGo();
		await until("others are served again", () =>
			attaches().then(
				() => true,
				() => false,
			),
		);
		phone.close();
	});

	test.each<[name: string, address: () => string]>([
		["portal", () => bare(elements.entry(RO).portal)],
		["home", () => bare(elements.entry(RO).home)],
		["operations", () => bare(elements.entry(RO).operations)],
		["DPF", () => elements.entry(RO).dpf.address],
		["peer API", () => elements.entry(RO).api.address],
	])(
		"to the %s: no more than it has places for, and the operator's other servers serve meanwhile",
		async (name, address) => {
			const before = descriptorsOf(operator.pid);
			const sockets = await flood(address(), 600);
			await until(
				"the rest is turned away",
				() => sockets.filter((one) => !one.destroyed && !one.readableEnded).length <= MOST,
			);
			expect(descriptorsOf(operator.pid) - before).toBeLessThanOrEqual(MOST + 20);
			await attaches();
			if (name !== "portal") expect((await ask(elements.entry(RO).portal, { path: "/nothing" })).status).toBe(404);
			if (name !== "operations")
				expect((await ask(elements.entry(RO).operations, { path: "/health" })).status).toBe(200);
			letGo();
			await until("their places are free", async () => {
				const { status } = await ask(elements.entry(RO).portal, { path: "/nothing" }).catch(() => ({ status: 0 }));
				return status === 404 && descriptorsOf(operator.pid) <= before + 20;
			});
			expect(elements.died).toEqual([]);
		},
	);

	test("to the bearer: no more than it has places for, and the air interface serves meanwhile", async () => {
		const before = descriptorsOf(vno.pid);
		await flood(data(), 600);
		await until("the rest is turned away", () => descriptorsOf(vno.pid) - before <= MOST + 20);
		await attaches();
		letGo();
		await until("their places are free", async () => {
			const { status } = await ask(data(), { path: "/" }).catch(() => ({ status: 0 }));
			return status === 405;
		});
		expect(elements.died).toEqual([]);
	});
});

describe("ways through the bearer that are refused", () => {
	test("the visited network keeps none of them, although no client closes its end", async () => {
		const before = descriptorsOf(vno.pid);
		const word = "CONNECT dpf.ro.example:443 HTTP/1.1\r\nhost: x\r\n\r\n";
		for (let round = 0; round < 4; round++) {
			await flood(data(), 200, word);
			await until("they are gone", () => descriptorsOf(vno.pid) <= before + 10);
		}
		const { status } = await ask(data(), { path: "/" });
		expect(status).toBe(405);
	});
});

describe("an element is asked to end while connections stay in every state", () => {
	test("operator and visited network end with code 0, and are not waited for", async () => {
		const { dpf, api, portal, home, operations, gsup } = elements.entry(RO);
		// TLS that goes no further than its first octets; silence; half a request; a request in whose body nothing comes.
		for (const address of [dpf.address, api.address]) {
			await flood(address, 3);
			await flood(address, 3, "\u0016\u0003\u0001");
		}
		for (const address of [portal, home, operations].map(bare)) {
			await flood(address, 3);
			await flood(address, 3, "GET / HTTP/1.1\r\nhost");
			await flood(address, 3, "POST /subscriptions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{");
		}
		await flood(gsup, 3);
		await flood(elements.visited.radio, 3);
		await flood(elements.visited.radio, 3, '{"type":"attach"');
		await flood(data(), 3);
		await flood(data(), 3, "CONNECT dpf.ro.example:443 HTTP/1.1\r\nhost: x\r\n\r\n");
		await flood(data(), 3, "CONNECT dpf.ro.example:443 HTTP/1.1\r\nhost");
		// A handshake that nobody goes on with ends by itself after two minutes, a refused way never.
		const patience = new Promise((done) => setTimeout(() => done("they do not end"), 30_000).unref());
		const ends = Promise.all([`operator-${RO}`, "vno"].map((name) => elements.end(name)));
		expect(await Promise.race([ends, patience])).toEqual([0, 0]);
	});
});
