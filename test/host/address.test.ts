import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, request } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, createServer, isIP, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GsupClient } from "../../hil/network/gsup/client.ts";
import { GsupLost } from "../../hil/network/gsup/connection.ts";
import { issueLeaf, keyToPem, makeRoot, toPem } from "../../hil/network/shared/certificates.ts";
import { Ports } from "../../hil/network/shared/ports.ts";
import { Registry } from "../../hil/network/shared/registry.ts";
import { serveBearer } from "../../hil/network/vno/bearer.ts";
import { openPort, PortError } from "../../host/link/port.ts";
import { BearerAgent } from "../../host/modem/bearer-agent.ts";
import { ModemError } from "../../host/modem/modem.ts";
import { RadioModem } from "../../host/modem/radio.ts";
import { post } from "../../host/omadm/transport.ts";
import { AddressError, readAddress, writeAddress } from "../../host/wire/address.ts";
import { contentTypes } from "../../host/wire/syncml/form.ts";
import { Bridge, open } from "../support/bridge.ts";
import { Device } from "../support/device.ts";
import { newSubscriber, OwnBench } from "../support/hlr-bench.ts";
import { times } from "../support/long-form.ts";

const run = promisify(execFile);
const LOOPBACK6 = "::1";
const listening = (server: Server, address: string): Promise<number | undefined> =>
	new Promise((done) => {
		server.once("error", () => done(undefined));
		server.listen(0, address, () => done((server.address() as AddressInfo).port));
	});
const probe = createServer();
const hasIpv6 = (await listening(probe, LOOPBACK6)) !== undefined;
probe.close();
const withIpv6 = hasIpv6 ? "" : " (skipped: this machine has no IPv6 loopback)";

const fails = (text: string) => expect(() => readAddress(text), text).toThrow(AddressError);

describe("an address is HOST:PORT, or [ADDRESS]:PORT with IPv6 (RFC 3986 clause 3.2.2)", () => {
	test.each([
		["127.0.0.1:7000", "127.0.0.1", 7000],
		["bridge.example:1", "bridge.example", 1],
		["[::1]:7000", "::1", 7000],
		["[2001:db8::1]:65535", "2001:db8::1", 65535],
		["[::ffff:192.0.2.1]:80", "::ffff:192.0.2.1", 80],
		["[fe80::1%eth0]:80", "fe80::1%eth0", 80],
	])("%s", (text, host, port) => {
		expect(readAddress(text)).toEqual({ host, port });
		expect(writeAddress({ host, port })).toBe(text);
	});

	test("without a port, or with none that there is, it is refused by name", () => {
		for (const text of ["host", "127.0.0.1", "[::1]", "host:", "host:0", "host:65536", "host:99999", "host:-1"])
			fails(text);
		expect(() => readAddress("host")).toThrow(/^host is no address: it has the form HOST:PORT, and \[ADDRESS\]:PORT/);
		expect(() => readAddress("host:0")).toThrow(/^host:0: a port is a number from 1 to 65535$/);
	});

	test("junk is refused", () => {
		for (const text of [
			...[
				"",
				":",
				":80",
				"::1:7000",
				"[::1:7000",
				"::1]:7000",
				"[]:80",
				"[:]:80",
				"[:::::]:80",
				"[host]:80",
				"[1.2.3.4]:80",
			],
			...[
				"host:80:90",
				"host:80/",
				"host/x:80",
				"a b:80",
				"host:8 0",
				"host:0x50",
				"host:80\n",
				"\nhost:80",
				"user@host:80",
			],
			...["http://host:80", "host:1e3", "host:+80", "[::1%]:80"],
		])
			fails(text);
	});

	test("there and back, any address; any text is read or refused by name", () => {
		const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
		fc.assert(
			fc.property(host, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
				expect(readAddress(writeAddress({ host: name, port }))).toEqual({ host: name, port });
			}),
		);
		const likely = fc.string({ unit: fc.constantFrom(..."[]:./%0a1f-@ ") });
		fc.assert(
			fc.property(fc.oneof(likely, fc.string({ unit: "binary" })), (text) => {
				try {
					const { host: name, port } = readAddress(text);
					expect(port >= 1 && port <= 65_535).toBe(true);
					expect(name).not.toMatch(/[\s[\]/]/);
					expect(name.includes(":")).toBe(isIP(name) === 6);
					expect(readAddress(writeAddress({ host: name, port }))).toEqual({ host: name, port });
				} catch (error) {
					expect(error).toBeInstanceOf(AddressError);
				}
			}),
			{ numRuns: times(500) },
		);
	});
});

describe("whoever is given an address says what is wrong with it", () => {
	const nobody = { onData: () => undefined, onClose: () => undefined };

	test("the port of a TRE", async () => {
		for (const name of ["tcp://host", "tcp://", "tcp://::1:7000", "tcp://[::1]", "tcp://host:0", "tcp://host:80/path"])
			await expect(openPort(name, nobody)).rejects.toThrow(
				new PortError(`${name} names no port: it has the form tcp://HOST:PORT, and tcp://[ADDRESS]:PORT with IPv6`),
			);
	});

	test("the air interface: to the modem, and on the command line", async () => {
		const listener = { onShortMessage: () => undefined, onLost: () => undefined };
		await expect(RadioModem.open("host", listener)).rejects.toThrow(ModemError);
		const cli = resolve("build/js/host/cli/main.js");
		const called = spawnSync(process.execPath, [cli, "attach", "./tty", "--radio", "::1:7100"], { encoding: "utf8" });
		expect(called).toMatchObject({
			status: 2,
			stderr: expect.stringMatching(/::1:7100 is no address: it has the form/),
		});
	});
});

describe(`IPv6${withIpv6}`, () => {
	const device = Device.keyed();
	let bridge: Bridge;
	beforeAll(async () => {
		if (!hasIpv6) return;
		await device.start();
		bridge = await Bridge.open(device.port, () => open, LOOPBACK6);
	});
	afterAll(async () => {
		await bridge?.close();
		await device.dispose();
	});

	test.skipIf(!hasIpv6)("an emulator behind a bridge on [::1]", async () => {
		expect(bridge.port).toMatch(/^tcp:\/\/\[::1\]:\d+$/);
		const { stdout } = await run(process.execPath, [resolve("build/js/host/cli/main.js"), "info", bridge.port]);
		expect(stdout).toContain("emulator");
	});

	test.skipIf(!hasIpv6)("a visited network on [::1]: the modem comes to it", async () => {
		let came = 0;
		const radio = createServer((socket) => {
			came++;
			socket.destroy();
		});
		const number = await listening(radio, LOOPBACK6);
		await new Promise<void>((lost, fail) => {
			RadioModem.open(`[::1]:${number}`, { onShortMessage: () => undefined, onLost: lost }).catch(fail);
		});
		expect(came).toBe(1);
		radio.close();
	});
});

describe("a registry names a home network by an address that is none", () => {
	const home = new OwnBench();
	afterAll(() => home.dispose());

	test("the visited network waits until it is mended, and asks then", async () => {
		const subscriber = newSubscriber(1);
		await home.start([subscriber]);
		const asked: string[] = [];
		// Wrong at once, and wrong again in a timer.
		let address: string | undefined = "home.example";
		const current = () => {
			asked.push(address ?? "");
			return address;
		};
		const client = new GsupClient(current, "VLR-1", { onRequest: async () => undefined });
		const wanted = { procedure: "SendAuthInfo", kind: "request", imsi: subscriber.imsi, vectors: 1 } as const;
		await expect(client.request(wanted, 10)).rejects.toThrow(GsupLost);
		for (const wrong of ["::1:7000", "host:0", "host:99999", "", "[::1]"]) {
			address = wrong;
			asked.length = 0;
			while (asked.length === 0) await new Promise((done) => setTimeout(done, 10));
			expect(client.connected).toBe(false);
		}
		address = home.address;
		expect(await client.request(wanted, 60_000)).toMatchObject({ kind: "result", imsi: subscriber.imsi });
		client.close();
	});
});

describe("a registry names a DPF by an address that is none", () => {
	const folder = mkdtempSync(join(tmpdir(), "registry-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	test("its tunnel is refused, and the visited network stays up", async () => {
		const host = "dpf.sho-1.example";
		const registry = join(folder, "registry.json");
		const operators = [{ shoId: "sho-1.example", dpf: { host, address: "::1:443" } }];
		writeFileSync(registry, JSON.stringify({ operators, pvas: [], vnos: [] }));
		const bearers = new Map([["t", { token: "t", egress: [host], connections: new Set<never>() }]]);
		const place = { ports: new Ports(folder), service: "data" };
		const { address, close } = await serveBearer(new Registry(registry), bearers, place);
		const { host: hostname, port } = readAddress(address);
		const tunnel = (): Promise<number | undefined> =>
			new Promise((done, fail) => {
				const headers = { "proxy-authorization": "Bearer t" };
				request({ hostname, port, method: "CONNECT", path: `${host}:443`, headers, agent: false })
					.on("connect", (response, socket) => {
						socket.destroy();
						done(response.statusCode);
					})
					.on("error", fail)
					.end();
			});
		expect([await tunnel(), await tunnel()]).toEqual([502, 502]);
		await close();
	});
});

describe("a PROVURL with an address in place of a name", () => {
	const servers: Server[] = [];
	const listen = async (server: Server): Promise<number> => {
		servers.push(server);
		return (await listening(server, "127.0.0.1")) as number;
	};
	afterAll(() => {
		for (const server of servers) server.close();
	});

	/** What a DM client gets at that URL from a server whose leaf is for `name`; and where its bearer was asked to lead. */
	async function reach(url: string, name: string): Promise<{ text: string; authority: string }> {
		const root = await makeRoot("sho-1.example", "ec");
		const leaf = await issueLeaf(root, name, [name], "server");
		const options = { key: keyToPem(leaf.key), cert: toPem(leaf.certificate) };
		const dpf = await listen(
			createTlsServer(options, (_request, response) =>
				response.writeHead(200, { "content-type": contentTypes.xml }).end("reached"),
			),
		);
		let authority = "";
		const proxy = createHttpServer();
		proxy.on("connect", (request, socket) => {
			authority = request.url ?? "";
			const upstream = connect(dpf, "127.0.0.1", () => {
				socket.write("HTTP/1.1 200 OK\r\n\r\n");
				upstream.pipe(socket);
				socket.pipe(upstream);
			});
			for (const end of [socket, upstream]) end.on("error", () => end.destroy());
		});
		const agent = new BearerAgent(
			{ host: "127.0.0.1", port: await listen(proxy), token: "t" },
			toPem(root.certificate),
		);
		try {
			const { octets } = await post(url, Buffer.from("<SyncML></SyncML>"), "xml", agent);
			return { text: Buffer.from(octets).toString(), authority };
		} finally {
			agent.destroy();
		}
	}

	test("the leaf names the address, IPv4 or IPv6 (RFC 6125 clause 1.7.2)", async () => {
		expect(await reach("https://192.0.2.7/dm", "192.0.2.7")).toEqual({ text: "reached", authority: "192.0.2.7:443" });
		expect(await reach("https://[2001:db8::7]:8443/dm", "2001:db8::7")).toEqual({
			text: "reached",
			authority: "[2001:db8::7]:8443",
		});
	});

	test("a leaf for another address, or for a name, is refused", async () => {
		await expect(reach("https://192.0.2.7/dm", "192.0.2.8")).rejects.toThrow(/altnames|cert/);
		await expect(reach("https://192.0.2.7/dm", "dpf.sho-1.example")).rejects.toThrow(/altnames|cert/);
		await expect(reach("https://[2001:db8::7]/dm", "2001:db8::8")).rejects.toThrow(/altnames|cert/);
	});
});
