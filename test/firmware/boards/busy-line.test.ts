import { closeSync, constants, openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { authenticate, changeBootstrap, mcimObject } from "../../support/operators.ts";
import { ruleBench } from "../../support/rule-bench.ts";
import { boards } from "../../support/targets.ts";

const trial = { seconds: 3, boots: 9 };

/** Octets that never become a frame, as fast as the line takes them, while `goesOn`; answers how many went out. */
async function flood(port: string, goesOn: () => boolean): Promise<number> {
	const line = openSync(port, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
	const noise = Buffer.alloc(512, 0x55);
	let written = 0;
	try {
		while (goesOn()) {
			try {
				written += writeSync(line, noise);
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
			}
			await sleep(1);
		}
		writeSync(line, Buffer.of(0));
	} finally {
		closeSync(line);
	}
	return written;
}

describe.each(boards)("NOTE Y on %s: a host that is never silent does not hold a trial", (target) => {
	const bench = ruleBench({ target });

	test("its seconds pass, and the revert is stored, while octets come without end", async () => {
		const { tre, owned, sho1, ro } = bench;
		const { certificate } = sho1.root;
		const change = { provUrl: "https://dpf.sho-1.example/dm", certificate, fallback: trial };
		const account = sho1.account(owned).object;
		await tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro, { change: { ...change, account } }));
		await tre.call("acceptMcim", await mcimObject(tre, owned, sho1, { trial }));
		await tre.call("activate", {});
		const before = bench.flash();
		// Nothing but the end of the trial is stored in its first minute.
		const written = await flood(bench.port, () => bench.flash().equals(before));
		expect(written).toBeGreaterThan(0);
		expect(await tre.status()).toMatchObject({ state: "idle" });
		await authenticate(tre, ro, owned.imsi);
	}, 120_000);
});
