import { createServer, type Socket } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadArtefacts } from "../../firmware/emulator/artefacts.ts";
import { FlashMemory } from "../../firmware/emulator/flash-memory.ts";
import { Machine } from "../../firmware/emulator/machine.ts";
import { cobsDecode, cobsEncode, Deframer, encodeFrame } from "../../host/link/frame.ts";
import { openPort } from "../../host/link/port.ts";
import { TreClient } from "../../host/tre/client.ts";
import { Device } from "../support/device.ts";

describe("frames: COBS, delimiter 0x00, CRC-32 (documents.md)", () => {
	const frame = fc.record({
		kind: fc.integer({ min: 1, max: 4 }),
		id: fc.integer({ min: 0, max: 0xffff }),
		segment: fc.integer({ min: 0, max: 31 }),
		segments: fc.integer({ min: 0, max: 32 }),
		octets: fc.uint8Array({ maxLength: 480 }),
	});

	test("COBS: decode(encode(x)) = x, and no zero inside", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 1000 }), (octets) => {
				const encoded = cobsEncode(octets);
				expect(encoded.includes(0)).toBe(false);
				expect(Buffer.from(cobsDecode(encoded) ?? [255]).equals(octets)).toBe(true);
			}),
		);
		expect(Buffer.from(cobsEncode(Buffer.from([0]))).toString("hex")).toBe("0101");
		expect(Buffer.from(cobsEncode(Buffer.from("11220033", "hex"))).toString("hex")).toBe("0311220233");
	});

	test("frames survive any cut of the line into portions, between noise", () => {
		fc.assert(
			fc.property(
				fc.array(frame, { maxLength: 5 }),
				fc.uint8Array({ maxLength: 700 }),
				fc.integer({ min: 1, max: 64 }),
				(frames, noise, step) => {
					const deframer = new Deframer();
					const line = Buffer.concat([noise, Buffer.from([0]), ...frames.map(encodeFrame)]);
					const found = [];
					for (let at = 0; at < line.length; at += step) found.push(...deframer.push(line.subarray(at, at + step)));
					expect(found.slice(-frames.length || found.length)).toEqual(
						frames.map((one) => ({ ...one, octets: new Uint8Array(one.octets) })),
					);
				},
			),
		);
	});

	test("a frame with one bit changed is dropped and counted", () => {
		fc.assert(
			fc.property(frame, fc.nat(), (one, at) => {
				const octets = encodeFrame(one);
				const position = at % (octets.length - 1);
				octets[position] ^= 1 << (at % 8);
				const deframer = new Deframer();
				expect(deframer.push(octets)).toEqual([]);
				deframer.push(encodeFrame(one));
				expect(deframer.damaged).toBeGreaterThan(0);
			}),
		);
	});
});

describe("a line that loses, repeats and damages frames", () => {
	/** An in-process TRE behind a TCP port whose wires `spoil` chunks of octets. */
	async function spoiledTre(spoil: (octets: Uint8Array) => Uint8Array[]) {
		let peer: Socket | undefined;
		const machine = new Machine({
			...loadArtefacts(),
			flash: new FlashMemory(),
			rootKey: new Uint8Array(32),
			uartWrite: (octets) => {
				for (const one of spoil(octets)) peer?.write(one);
			},
			seconds: () => 0,
		});
		const server = createServer((socket) => {
			peer = socket;
			socket.on("data", (octets: Buffer) => {
				for (const one of spoil(octets)) machine.receive(one);
			});
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const { port } = server.address() as { port: number };
		return { port: `tcp://127.0.0.1:${port}`, close: () => server.close() };
	}

	test("every command happens exactly once", async () => {
		let seed = 12345;
		const random = () => {
			seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
			return seed / 2 ** 32;
		};
		const tre = await spoiledTre((octets) => {
			const luck = random();
			if (luck < 0.1) return [];
			if (luck < 0.2) return [octets, octets];
			if (luck < 0.3) return [octets.map((octet, n) => (n === 3 ? octet ^ 0x40 : octet))];
			return [octets];
		});
		const client = await TreClient.open(tre.port, { repeatMs: 20 });
		const before = (await client.status()).transaction;
		await client.call("makeKeys", {});
		expect((await client.status()).transaction).toBe(before + 1);
		for (let n = 0; n < 100; n++) await client.call("certificateRequest", { usage: n % 2 });
		expect((await client.status()).transaction).toBe(before + 1);
		const long = { object: new Uint8Array(4000) };
		await expect(client.call("installCredential", long)).rejects.toMatchObject({ code: "certificates-missing" });
		expect(client.link.counters.repeated).toBeGreaterThan(5);
		await client.close();
		tre.close();
	});
});

describe("noise on the terminal device", () => {
	const device = new Device();
	beforeAll(() => device.start());
	afterAll(() => device.dispose());

	test("hello is answered after any octets", async () => {
		const port = await openPort(device.port, { onData: () => undefined, onClose: () => undefined });
		let seed = 99;
		for (let n = 0; n < 50; n++) {
			port.write(
				Uint8Array.from({ length: 200 }, () => {
					seed = (Math.imul(seed, 69069) + 1) >>> 0;
					return seed >>> 24;
				}),
			);
		}
		await port.close();
		const tre = await device.open({ repeatMs: 100 });
		expect((await tre.call("info", {})).target).toBe("emulator");
		await tre.close();
	});
});
