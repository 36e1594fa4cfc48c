import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generator } from "../../hil/rig/sampling.ts";
import type { LinkCounters } from "../../host/link/link.ts";
import { TreClient } from "../../host/tre/client.ts";
import { Bridge, type Passage, talkative } from "../support/bridge.ts";
import { Device } from "../support/device.ts";
import { times } from "../support/long-form.ts";
import type { TestTarget } from "../support/targets.ts";

const BANNER = Buffer.from("\r\nU-Boot 2026.10 (Nov 27 2026 - 00:00:00 +0000)\r\nHit any key to stop autoboot: 0\r\n");
const logLine = (n: number): Buffer => Buffer.from(`[00:00:0${n % 10}.000] <inf> app: heartbeat ${n}\r\n`);
const NOTHING = new Uint8Array(0);

const speakers: readonly [string, (frame: number) => Uint8Array][] = [
	["a boot loader's banner in front of every frame", () => BANNER],
	["a log line in front of every frame", logLine],
	["a log line before every third frame", (frame) => (frame % 3 === 0 ? logLine(frame) : NOTHING)],
	["text longer than any frame", () => Buffer.alloc(1_500, "x")],
	["a prompt with delimiters in it, as a BREAK leaves them", () => Buffer.from("\0login: \0\0")],
];

/** Octets of any value, as many as a seed says. */
function noise(seed: number): (frame: number) => Uint8Array {
	const random = generator(seed);
	return () => Uint8Array.from({ length: Math.floor(random() * 120) }, () => Math.floor(random() * 256));
}

describe.each(["emulator", "qemu:stm32f405"] as const)("what else is said on the line to %s", (target: TestTarget) => {
	const device = Device.keyed(target);
	let passage: Passage;
	let bridge: Bridge;
	beforeAll(async () => {
		await device.start();
		// What comes while a board starts is lost, and is none of what is counted here.
		await (await device.open()).close();
		bridge = await Bridge.open(device.port, () => passage);
	});
	afterAll(async () => {
		await bridge?.close();
		await device.dispose();
	});

	/** Requests of all lengths over a line that this passage is of; each answer is right. */
	async function asked(through: Passage, requests: number): Promise<LinkCounters> {
		passage = through;
		let tre: TreClient | undefined;
		while (!tre) {
			try {
				// A frame that is lost shows as a repetition, however slow the machine is.
				tre = await TreClient.open(bridge.port, { repeatMs: 20_000 });
			} catch (error) {
				// The host before this one has just gone.
				if (!/closed|in use/.test((error as Error).message)) throw error;
			}
		}
		const { treId } = await tre.call("info", {});
		for (let n = 0; n < requests; n++) {
			expect((await tre.call("info", {})).treId).toBe(treId);
			expect((await tre.call("certificateRequest", { usage: n % 2 })).request.length).toBeGreaterThan(500);
			const object = Buffer.alloc(n % 2 === 0 ? 3_000 : 700, n);
			await expect(tre.call("installCredential", { object })).rejects.toMatchObject({ code: "certificates-missing" });
		}
		await tre.close();
		return tre.link.counters;
	}

	describe.each([
		["to the TRE", "toTre"],
		["from the TRE", "toHost"],
		["in both directions", "both"],
	] as const)("%s", (_name, direction) => {
		const between = (say: (frame: number) => Uint8Array): Passage => ({
			toTre: direction === "toHost" ? (octets) => octets : talkative(say),
			toHost: direction === "toTre" ? (octets) => octets : talkative(say),
		});

		test.each(speakers)("%s: every request is answered, and nothing is sent twice", async (_what, say) => {
			expect(await asked(between(say), 3)).toMatchObject({ repeated: 0, timeouts: 0 });
		});

		test("any octets in front of every frame, seed by seed", async () => {
			for (let seed = 1; seed <= times(5); seed++) {
				const { repeated, timeouts } = await asked(between(noise(seed)), 2);
				expect({ seed, repeated, timeouts }).toEqual({ seed, repeated: 0, timeouts: 0 });
			}
		});
	});
});
