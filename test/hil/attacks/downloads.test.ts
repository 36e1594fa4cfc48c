import { type ClientRequest, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Downloads, MAX_DOWNLOADS } from "../../../hil/network/operator/dpf/downloads.ts";
import { Refusal } from "../../../hil/network/shared/refusal.ts";

/** More than a loopback takes for somebody who does not read. */
const OCTETS = Buffer.alloc(32 * 1024 * 1024);

const downloads = new Downloads();
const server = createServer((asked, response) => {
	try {
		downloads.send(asked.method, OCTETS, response);
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		response.writeHead(error.status).end();
	}
});
const open: ClientRequest[] = [];

/** Resolves to the status; nothing behind it is read. */
const unread = (): Promise<number> =>
	new Promise((resolve, reject) => {
		const sent = request({ port: (server.address() as AddressInfo).port, agent: false }, (response) => {
			response.pause();
			resolve(response.statusCode ?? 0);
		});
		open.push(sent);
		sent.on("error", reject);
		sent.end();
	});

beforeAll(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done)));
afterAll(() => {
	for (const one of open) one.destroy();
	server.close();
});

test("firmware that is fetched and never read keeps so many connections and no more; one that ends makes room", async () => {
	for (let n = 0; n < MAX_DOWNLOADS; n++) expect(await unread()).toBe(200);
	expect(await unread()).toBe(503);
	open[0]?.on("error", () => undefined).destroy();
	for (let n = 0; n < 100 && (await unread()) === 503; n++) await sleep(20);
	expect(await unread()).toBe(503);
});
