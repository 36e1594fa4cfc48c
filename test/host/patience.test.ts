import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { issueLeaf, keyToPem, toPem } from "../../hil/network/shared/certificates.ts";
import { Memory } from "../../host/daemon/memory.ts";
import { NetworkParameters } from "../../host/daemon/network-parameters.ts";
import { HoldOff, nextPause, passing, refusing, TooEarly } from "../../host/daemon/patience.ts";
import { contentTypes, readMessageIn, writeMessageIn } from "../../host/wire/syncml/form.ts";
import type { Command } from "../../host/wire/syncml/message.ts";
import { type Delivered, deliver } from "../support/delivered.ts";
import { EquipmentProcess } from "../support/equipment-process.ts";
import { changeBootstrap } from "../support/operators.ts";
import { PlayedNetwork } from "../support/played-network.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe("pauses between tries", () => {
	const pauses = fc
		.tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 0, max: HOUR }))
		.map(([first, more]) => ({ first, longest: first + more }));

	test("any pauses: the first one first, each at least as long as the one before, twice as long until the longest", () => {
		fc.assert(
			fc.property(pauses, fc.integer({ min: 1, max: 40 }), (which, tries) => {
				let before = 0;
				for (let n = 0; n < tries; n++) {
					const pause = nextPause(which, before);
					expect(pause).toBe(before === 0 ? which.first : Math.min(2 * before, which.longest));
					expect(pause).toBeGreaterThanOrEqual(before);
					before = pause;
				}
			}),
		);
	});

	test("whatever stood before: within the bounds", () => {
		fc.assert(
			fc.property(pauses, fc.integer({ min: 0, max: DAY }), (which, before) => {
				const pause = nextPause(which, before);
				expect(pause).toBeGreaterThanOrEqual(which.first);
				expect(pause).toBeLessThanOrEqual(which.longest);
			}),
		);
	});

	test("who is refused waits longer than who is only disturbed", () => {
		expect(refusing.first).toBeGreaterThan(passing.longest);
		expect(refusing.longest).toBeGreaterThanOrEqual(HOUR);
	});
});

describe("a refused request is held off", () => {
	/** When it was made, over a day, by a host that tries at these steps and is always refused. */
	function asks(steps: () => number, subject: (ask: number) => string = () => "one"): number[] {
		let now = 0;
		const holdOff = new HoldOff(() => now);
		const made: number[] = [];
		while (now < DAY) {
			try {
				holdOff.check(subject(made.length));
				made.push(now);
				holdOff.refused(subject(made.length - 1));
			} catch (error) {
				if (!(error instanceof TooEarly)) throw error;
				expect(error.ms).toBeGreaterThan(0);
			}
			now += steps();
		}
		return made;
	}

	test("however often a host tries: ever less often, and in a day no more than 31 times", () => {
		fc.assert(
			fc.property(fc.infiniteStream(fc.integer({ min: 1_000, max: 60_000 })), (stream) => {
				const made = asks(() => stream.next().value as number);
				expect(made.length).toBeGreaterThan(24);
				expect(made.length).toBeLessThanOrEqual(31);
				let pause = 0;
				for (const [n, at] of made.entries()) {
					if (n > 0) expect(at - (made[n - 1] as number)).toBeGreaterThanOrEqual(pause);
					pause = nextPause(refusing, pause);
				}
			}),
			{ numRuns: 10 },
		);
	});

	test("who waits as long as he is told is not held off once more", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 30 }),
				fc.double({ min: 0, max: 0.999, noNaN: true }),
				(refusals, share) => {
					let now = 12_345.678;
					const holdOff = new HoldOff(() => now);
					for (let n = 0; n < refusals; n++) {
						const pause = holdOff.refused("one");
						now += pause * share;
						const early = (() => {
							try {
								holdOff.check("one");
							} catch (error) {
								return (error as TooEarly).ms;
							}
							return 0;
						})();
						expect(early).toBeGreaterThan(0);
						now += early;
						holdOff.check("one");
					}
				},
			),
		);
	});

	test("another request is not held off, and has its own first pause", () => {
		let now = 0;
		const holdOff = new HoldOff(() => now);
		for (let n = 0; n < 5; n++) now += holdOff.refused("one");
		holdOff.refused("one");
		expect(() => holdOff.check("one")).toThrow(TooEarly);
		holdOff.check("two");
		expect(holdOff.refused("two")).toBe(refusing.first);
	});
});

describe("a DPF that refuses what the TRE shows (B.2.3.4)", () => {
	const folder = mkdtempSync(join(tmpdir(), "patience-"));
	let there: Delivered;
	let network: PlayedNetwork;
	let asked = 0;
	/** A 4xx for the alert that carries M2MMobj. */
	const refusal = (octets: Buffer): Buffer => {
		const { sessionId, msgId, target, source, commands } = readMessageIn("wbxml", octets);
		if (msgId === 1) asked++;
		const said = (n: number, cmd: string, cmdRef: string, code: number): Command => ({
			...{ name: "Status", cmdId: String(n), msgRef: msgId, cmdRef, cmd, code },
		});
		const statuses = commands.map((command, n) => said(n + 2, command.name, command.cmdId, 403));
		return writeMessageIn("wbxml", {
			...{ sessionId, msgId, target: source, source: target, final: true },
			commands: [said(1, "SyncHdr", "0", 212), ...statuses],
		});
	};
	let server: ReturnType<typeof createServer>;

	beforeAll(async () => {
		there = await deliver();
		const { sho1, ro, owned, tre } = there;
		const host = `dpf.${sho1.shoId}`;
		const leaf = await issueLeaf(sho1.root, host, [host], "server");
		server = createServer({ key: keyToPem(leaf.key), cert: toPem(leaf.certificate) }, (request, response) => {
			const parts: Buffer[] = [];
			request.on("data", (part: Buffer) => parts.push(part));
			request.on("end", () => {
				response.writeHead(200, { "content-type": contentTypes.wbxml }).end(refusal(Buffer.concat(parts)));
			});
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		network = new PlayedNetwork(ro);
		network.server = (server.address() as AddressInfo).port;
		await network.start();
		// What an M2ME has kept that took the change bootstrap.
		await tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
		const memory = new Memory(folder);
		memory.update({ provUrl: `https://${host}/dm` });
		await new NetworkParameters(tre, memory).bind("active", { napId: "NAP1", name: "nap", apn: "test.example" });
		await tre.close();
	});
	afterAll(async () => {
		await network?.stop();
		server?.closeAllConnections();
		server?.close();
		await there?.dispose();
		rmSync(folder, { recursive: true, force: true });
	});

	test("is asked once, whatever comes over the air meanwhile", async () => {
		const attach = new EquipmentProcess(there.device.port, "--radio", network.radio, "--state", folder);
		await attach.said(/the server refuses what was reported: 403; next try in/);
		for (let n = 1; n <= 6; n++) {
			network.say(`message ${n}`);
			await attach.said(/a short message of type text\/plain is not for this M2ME/, n);
		}
		expect(asked).toBe(1);
		// Nor does it forget when it has to attach anew.
		for (let n = 7; n <= 9; n++) {
			const { attached } = network;
			network.drop();
			while (network.attached === attached) await new Promise((done) => setTimeout(done, 10));
			network.say(`message ${n}`);
			await attach.said(/a short message of type text\/plain is not for this M2ME/, n);
		}
		network.say("message 10");
		await attach.said(/a short message of type text\/plain is not for this M2ME/, 10);
		expect(asked).toBe(1);
		expect(await attach.stop()).toBe(0);
	});
});
