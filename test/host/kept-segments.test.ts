import { randomBytes } from "node:crypto";
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ShortMessage } from "../../host/modem/modem.ts";
import { RadioModem } from "../../host/modem/radio.ts";
import { SegmentStore } from "../../host/modem/segment-store.ts";
import { deliveryOf } from "../../host/wire/push/delivery.ts";
import { type Downlink, radioChannel, type Uplink } from "../../host/wire/radio/messages.ts";

/** A service centre behind an air interface: each segment is sent until it is acknowledged, and never again. */
class Centre {
	readonly #server: Server;
	readonly acknowledged: number[] = [];
	#send: ((message: Downlink) => void) | undefined;

	constructor() {
		this.#server = createServer((socket) => {
			const channel = radioChannel<Uplink, Downlink>(socket, (message) => {
				if (message.type === "sms-ack") this.acknowledged.push(message.id);
			});
			this.#send = (message) => channel.send(message);
			socket.on("error", () => socket.destroy());
		});
	}

	async start(): Promise<string> {
		await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
		return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async deliver(id: number, tpdu: Buffer): Promise<void> {
		while (!this.#send) await sleep(5);
		this.#send({ type: "sms", id, tpdu: tpdu.toString("hex") });
		while (!this.acknowledged.includes(id)) await sleep(5);
	}

	send(id: number, tpdu: Buffer): void {
		this.#send?.({ type: "sms", id, tpdu: tpdu.toString("hex") });
	}

	stop(): void {
		this.#server.close();
	}
}

describe("a segment is kept before it is acknowledged: no service centre sends it again", () => {
	const message = { contentType: "application/vnd.x-m2m.receipt-request", body: randomBytes(1000) };
	const tpdus = deliveryOf(message, "+88299001122", new Date(0));
	let folder = "";
	let centre: Centre;
	let address = "";
	let received: ShortMessage[] = [];
	let thrownAway: string[] = [];

	/** Another life of the M2ME: of the one before there is nothing but its folder. */
	const life = async (): Promise<RadioModem> => {
		received = [];
		const listener = {
			onShortMessage: (one: ShortMessage) => void received.push(one),
			onUnreadable: (why: string) => void thrownAway.push(why),
			onLost: () => undefined,
		};
		const modem = await RadioModem.open(address, listener, { store: new SegmentStore(folder) });
		modem.recover();
		return modem;
	};

	beforeEach(async () => {
		folder = mkdtempSync(join(tmpdir(), "segments-"));
		thrownAway = [];
		centre = new Centre();
		address = await centre.start();
	});
	afterEach(() => {
		centre.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	test("a restart between any two segments: the message is whole when the last one comes", async () => {
		expect(tpdus.length).toBeGreaterThan(5);
		for (const [n, tpdu] of tpdus.entries()) {
			const modem = await life();
			expect(received).toEqual([]);
			await centre.deliver(n, tpdu);
			modem.close();
		}
		expect(received.map(({ body }) => body)).toEqual([message.body]);
	});

	test("a whole message that was not worked off comes again, one that was does not", async () => {
		const first = await life();
		for (const [n, tpdu] of tpdus.entries()) await centre.deliver(n, tpdu);
		first.close();
		const second = await life();
		expect(received.map(({ body }) => body)).toEqual([message.body]);
		second.workedOff();
		second.close();
		const third = await life();
		expect(received).toEqual([]);
		third.close();
	});

	test("what was worked off does not take an unfinished one with it", async () => {
		const first = await life();
		await centre.deliver(0, tpdus[0] as Buffer);
		first.workedOff();
		first.close();
		const second = await life();
		for (const [n, tpdu] of tpdus.slice(1).entries()) await centre.deliver(n + 1, tpdu);
		expect(received.map(({ body }) => body)).toEqual([message.body]);
		second.close();
	});

	test("a line that a power cut tore is no segment", async () => {
		const store = new SegmentStore(folder);
		store.keep(tpdus[0] as Buffer);
		appendFileSync(join(folder, "segments.log"), (tpdus[1] as Buffer).toString("hex").slice(0, -3));
		expect(new SegmentStore(folder).all()).toEqual([tpdus[0]]);
		const again = new SegmentStore(folder);
		again.keep(tpdus[1] as Buffer);
		expect(again.all()).toEqual(tpdus.slice(0, 2));
	});

	test("what cannot be kept is not acknowledged, and comes in again when it can", async () => {
		const store = new SegmentStore(folder);
		store.keep(tpdus[0] as Buffer);
		rmSync(join(folder, "segments.log"));
		const modem = await life();
		rmSync(folder, { recursive: true });
		centre.send(0, tpdus[0] as Buffer);
		while (thrownAway.length === 0) await sleep(5);
		expect(thrownAway[0]).toContain("could not be kept");
		expect(centre.acknowledged).toEqual([]);
		modem.close();
	});

	test("a flood keeps the newest: the file stays small, and nobody else reads it", () => {
		const store = new SegmentStore(folder);
		for (let n = 0; n < 2200; n++) store.keep(Buffer.from([n >> 8, n & 0xff]));
		const kept = store.all();
		expect(kept.length).toBeLessThanOrEqual(2048);
		expect(kept.at(-1)).toEqual(Buffer.from([2199 >> 8, 2199 & 0xff]));
		expect(statSync(join(folder, "segments.log")).mode & 0o77).toBe(0);
		expect(readFileSync(join(folder, "segments.log"), "latin1").length).toBeLessThan(20_000);
		chmodSync(folder, 0o700);
	});
});
