import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wire } from "../../../firmware/contract/commands.ts";
import { Deframer, encodeFrame } from "../../../host/link/frame.ts";
import { encodeRequest } from "../../../host/tre/codec.ts";
import { type Delivered, deliver } from "../../support/delivered.ts";
import { authenticate, changeBootstrap, mcimObject } from "../../support/operators.ts";
import { boardsOfForm } from "../../support/targets.ts";

const trial = { seconds: 3, boots: 9 };
const { request: REQUEST, response: RESPONSE } = wire.kinds;
/** A signature: each answer takes far longer than the next request needs to arrive. */
const challenge = encodeRequest("receipt", { challenge: Buffer.alloc(16, 1) });
/** Requests that wait at the TRE at once. */
const IN_FLIGHT = 4;

/** The TRE counts real seconds; a firmware that ticks only on a silent line takes far longer than so many times the trial. */
const PATIENCE = 8;

/** Puts requests on a line so that there is always one waiting, while `goesOn`; answers how many were answered. */
async function flood(port: string, goesOn: () => boolean): Promise<number> {
	const line = openSync(port, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
	const [deframer, octets] = [new Deframer(), Buffer.alloc(8192)];
	let [sent, answered] = [0, 0];
	const read = (): void => {
		try {
			const length = readSync(line, octets);
			const frames = deframer.push(octets.subarray(0, length));
			// A receipt comes in several segments: the last one ends it.
			answered += frames.filter(({ kind, segment, segments }) => kind === RESPONSE && segment + 1 === segments).length;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
		}
	};
	try {
		while (goesOn() || answered < sent) {
			if (goesOn() && sent - answered < IN_FLIGHT)
				writeSync(
					line,
					encodeFrame({ kind: REQUEST, id: 0x8000 + sent++, segment: 0, segments: 1, octets: challenge }),
				);
			read();
			await sleep(1);
		}
	} finally {
		closeSync(line);
	}
	return answered;
}

describe.each(boardsOfForm)("NOTE Y on %s: a host that is never silent does not hold a trial", (target) => {
	let there: Delivered;
	beforeAll(async () => {
		there = await deliver({ target });
	});
	afterAll(() => there?.dispose());

	test("its seconds pass, and the revert is stored, while requests come without end", async () => {
		const { tre, device, owned, sho1, ro } = there;
		const { certificate } = sho1.root;
		const change = { provUrl: "https://dpf.sho-1.example/dm", certificate, fallback: trial };
		const account = sho1.account(owned).object;
		await tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro, { change: { ...change, account } }));
		await tre.call("acceptMcim", await mcimObject(tre, owned, sho1, { trial }));
		await tre.call("activate", {});
		await tre.close();
		const before = device.flash();
		// Nothing but the end of the trial is stored in its first minute.
		const end = performance.now() + PATIENCE * trial.seconds * 1000;
		let [over, held] = [false, false];
		const answered = await flood(device.port, () => {
			over ||= !device.flash().equals(before);
			held ||= !over && performance.now() > end;
			return !over && !held;
		});
		expect(held, `after ${PATIENCE} times its seconds the trial goes on`).toBe(false);
		expect(answered).toBeGreaterThan(IN_FLIGHT);
		const after = await device.open();
		expect(await after.status()).toMatchObject({ state: "idle" });
		await authenticate(after, ro, owned.imsi);
		await after.close();
	}, 120_000);
});
