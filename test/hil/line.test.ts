import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { DisturbedLine, type LineFaults } from "../../hil/rig/line.ts";
import { TreClient, TreRestarted } from "../../host/tre/client.ts";
import { writeBootstrap } from "../../host/wire/prov/bootstrap.ts";
import { type Delivered, deliver } from "../support/delivered.ts";
import { times } from "../support/long-form.ts";
import { signedOctets } from "../support/operators.ts";
import { boardsOfForm, type TestTarget } from "../support/targets.ts";

/** No command of these tests takes longer; nothing may hang beyond it. */
const DEADLINE_MS = 60_000;
const faults: LineFaults = { bitErrors: 1e-4, lost: 0.05, duplicated: 0.05, delayed: 0.05, delayMs: 60 };

const targets: readonly TestTarget[] = ["emulator", ...boardsOfForm];

describe.each(targets)("a bad line to %s", (target) => {
	let delivered: Delivered | undefined;
	let line: DisturbedLine | undefined;
	let tre: TreClient | undefined;
	afterEach(async () => {
		await tre?.close();
		await line?.close();
		await delivered?.dispose();
	});

	/** A device whose good line was used to make it, and a bad one in its place. */
	async function onBadLine(seed: number): Promise<Delivered> {
		delivered = await deliver({ target });
		await delivered.tre.close();
		line = await DisturbedLine.open(delivered.device.port, { ...faults, seed });
		tre = await opened();
		return delivered;
	}

	async function opened(): Promise<TreClient> {
		for (;;) {
			try {
				return await TreClient.open(line?.port ?? "", { repeatMs: 80, deadlineMs: DEADLINE_MS });
			} catch (error) {
				// The device is being switched on.
				if (!/closed|not there|in use/.test((error as Error).message)) throw error;
				await sleep(20);
			}
		}
	}

	/** The n-th bootstrap of the current SHO: it counts once. */
	const bootstrap = ({ owned, ro }: Delivered) => {
		const { treId, reign } = owned;
		const naps = [{ napId: "NAP1", name: "nap", apn: "test.example" }];
		const serial = ++owned.serial;
		return signedOctets(writeBootstrap({ kind: "initial", name: ro.shoId, treId, reign, serial, naps }), ro);
	};

	test("bit errors, lost, doubled and late frames: every command happens once", async () => {
		const there = await onBadLine(4711);
		const client = tre as TreClient;
		const before = await client.status();
		const operations = times(10);
		for (let n = 1; n <= operations; n++) {
			expect(await client.call("acceptBootstrap", bootstrap(there))).toMatchObject({ serial: n, repeated: false });
			const { rand, autn, xres } = there.ro.vector(there.owned.imsi);
			const request = { rand: Buffer.from(rand, "hex"), autn: Buffer.from(autn, "hex") };
			const answer = await client.call("authenticate", request);
			expect([answer.outcome, Buffer.from(answer.res).toString("hex")]).toEqual([0, xres]);
		}
		const after = await client.status();
		expect(after).toEqual({ ...before, serial: operations, transaction: before.transaction + 2 * operations });
		const { repeated, timeouts } = client.link.counters;
		expect(repeated).toBeGreaterThan(0);
		expect(timeouts).toBe(0);
	});

	test("the cable is pulled in the middle of a command, and put back: the host is told, finds out, and goes on", async () => {
		const there = await onBadLine(77);
		const before = await (tre as TreClient).status();
		const request = bootstrap(there);
		const asked = (tre as TreClient).call("acceptBootstrap", request);
		line?.unplug();
		await expect(asked).rejects.toThrow(/closed/);
		await expect(TreClient.open(line?.port ?? "", { deadlineMs: DEADLINE_MS })).rejects.toThrow(/closed/);
		line?.plug();
		await tre?.close();
		tre = await opened();
		// The board did not notice: no boot in between, and the command happened once or not at all.
		const { serial, bootCounter } = await tre.status();
		expect(bootCounter).toBe(before.bootCounter);
		if (serial === 0) await tre.call("acceptBootstrap", request);
		expect(await tre.status()).toMatchObject({ serial: 1, transaction: before.transaction + 1 });
	});

	test("and the TRE is reset in the middle of commands: each happens once, or the host is told and finds out", async () => {
		const there = await onBadLine(815);
		let restarts = 0;
		/** A reset of the board, or kill -9 of the emulator, which takes the line with it. */
		const reset = (): Promise<void> => there.device.rig.reset();
		/** True where it was answered; the other ways a command may end tell the host that it has to look. */
		const attempt = async (request: ReturnType<typeof bootstrap>): Promise<boolean> => {
			try {
				expect(await (tre as TreClient).call("acceptBootstrap", request)).toMatchObject({ repeated: false });
				return true;
			} catch (error) {
				if (!(error instanceof TreRestarted) && !/closed/.test((error as Error).message)) throw error;
				restarts++;
				if (error instanceof TreRestarted) return false;
				await tre?.close();
				tre = await opened();
				return false;
			}
		};
		for (let n = 1; n <= times(6); n++) {
			const request = bootstrap(there);
			const asked = attempt(request);
			// Later and later, so that it comes before, in and behind the command.
			const hit = sleep((n % 6) * 12).then(reset);
			let answered = await asked;
			await hit;
			while (!answered) {
				// An idle line that went away is noticed by the next command, too.
				const { serial } = await (tre as TreClient).status().catch(async () => {
					await tre?.close();
					tre = await opened();
					return tre.status();
				});
				if (serial === n) break;
				expect(serial).toBe(n - 1);
				answered = await attempt(request);
			}
			const { serial } = await (tre as TreClient).status().catch(async () => {
				await tre?.close();
				tre = await opened();
				return tre.status();
			});
			expect(serial).toBe(n);
		}
		expect(restarts).toBeGreaterThan(0);
		expect(tre?.link.counters.timeouts).toBe(0);
	});
});
