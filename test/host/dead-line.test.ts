import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { LinkClosed, type LinkOptions, LinkTimeout } from "../../host/link/link.ts";
import { RadioModem } from "../../host/modem/radio.ts";
import { TreClient } from "../../host/tre/client.ts";
import { Bridge, open } from "../support/bridge.ts";
import { type Delivered, deliver } from "../support/delivered.ts";
import { Device } from "../support/device.ts";
import { EquipmentProcess } from "../support/equipment-process.ts";
import { PlayedNetwork } from "../support/played-network.ts";

describe("a bridge that accepts a connection and lets nothing through", () => {
	const folder = mkdtempSync(join(tmpdir(), "dead-line-"));
	const device = Device.keyed();
	device.more = ["--tcp", "0"];
	let bridge: Bridge;
	beforeAll(() => device.start());
	afterEach(() => bridge.close());
	afterAll(async () => {
		await device.dispose();
		rmSync(folder, { recursive: true, force: true });
	});

	/** Until the other end has seen it, too. */
	const closed = async (connection: number): Promise<void> => {
		while (!bridge.closed.includes(connection)) await new Promise((done) => setTimeout(done, 10));
	};

	/** The TRE's own port takes one host at a time, and may not know yet that the last one has gone. */
	const opened = async (line: LinkOptions): Promise<TreClient> => {
		for (;;) {
			try {
				return await TreClient.open(bridge.port, line);
			} catch (error) {
				if (!(error instanceof LinkClosed)) throw error;
			}
		}
	};

	test("the link gives the connection up and closes it; another one leads to the TRE", async () => {
		bridge = await Bridge.open(device.port, (connection) => (connection === 1 ? undefined : open));
		const line = { repeatMs: 50, deadlineMs: 400 };
		await expect(TreClient.open(bridge.port, line)).rejects.toThrow(LinkTimeout);
		await closed(1);
		const tre = await opened({});
		expect((await tre.call("info", {})).target).toBe("emulator");
		await tre.close();
	});

	test("one that falls silent in the middle: the request is given up, who has the link is told, and it takes no other", async () => {
		let silent = false;
		const unlessSilent = (octets: Uint8Array) => (silent ? new Uint8Array(0) : octets);
		bridge = await Bridge.open(device.port, () => ({ toTre: unlessSilent, toHost: unlessSilent }));
		const tre = await opened({ repeatMs: 100, deadlineMs: 2_000 });
		const connection = bridge.connections;
		const told: string[] = [];
		tre.link.onClose((reason) => told.push(reason));
		await tre.status();
		silent = true;
		// The second one waits behind the first, and would wait as long.
		const [first, second] = await Promise.allSettled([tre.call("info", {}), tre.call("info", {})]);
		expect(first).toMatchObject({ status: "rejected", reason: expect.any(LinkTimeout) });
		expect(second).toMatchObject({ status: "rejected", reason: expect.any(LinkClosed) });
		expect(told).toHaveLength(1);
		expect(told[0]).toMatch(/no answer from tcp:.* within 2000 ms/);
		await closed(connection);
		await expect(tre.call("info", {})).rejects.toThrow(LinkClosed);
		expect(tre.link.counters.timeouts).toBe(1);
	});

	test("tre attach opens its port again and goes on", async () => {
		bridge = await Bridge.open(device.port, (connection) => (connection <= 2 ? undefined : open));
		const state = join(folder, "state");
		const attach = new EquipmentProcess(bridge.port, "--radio", "127.0.0.1:9", "--state", state, "--deadline", "1");
		await attach.said(/no answer from tcp:.* within 1000 ms; next try in/, 2);
		// The TRE is found; what is missing now is a network.
		await attach.said(/no network at 127\.0\.0\.1:9/);
		expect(bridge.closed.slice(0, 2)).toEqual([1, 2]);
		expect(await attach.stop()).toBe(0);
	});
});

describe("a visited network that accepts a connection and never answers", () => {
	let there: Delivered;
	let network: PlayedNetwork;
	beforeAll(async () => {
		there = await deliver();
		network = new PlayedNetwork(there.ro);
		network.isSilent = (connection) => connection === 1;
		await network.start();
	});
	afterAll(async () => {
		await network?.stop();
		await there?.dispose();
	});

	test("the modem gives it up, says that it is lost, and another one attaches", async () => {
		const { imsi } = there.owned;
		let lost = 0;
		const listener = { onShortMessage: () => undefined, onLost: () => void lost++ };
		const authenticate = async (rand: string, autn: string) => {
			const request = { rand: Buffer.from(rand, "hex"), autn: Buffer.from(autn, "hex") };
			const { res } = await there.tre.call("authenticate", request);
			return { kind: "success" as const, res: Buffer.from(res).toString("hex") };
		};
		const silent = await RadioModem.open(network.radio, listener, { answerMs: 300 });
		await expect(silent.attach(imsi, authenticate)).rejects.toThrow("the network does not answer");
		while (lost === 0 || network.ended.length === 0) await new Promise((done) => setTimeout(done, 10));
		await expect(silent.detach()).rejects.toThrow("the air interface is gone");
		const second = await RadioModem.open(network.radio, listener);
		await second.attach(imsi, authenticate);
		expect([network.connections, network.attached, lost]).toEqual([2, 1, 1]);
		second.close();
	});
});
