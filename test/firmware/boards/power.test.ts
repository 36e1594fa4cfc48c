import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lifeStates } from "../../../firmware/contract/states.ts";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import type { PowerCutAt } from "../../../hil/rig/rig.ts";
import type { TreClient } from "../../../host/tre/client.ts";
import type { Request } from "../../../host/tre/codec.ts";
import { storeOf } from "../../support/boards.ts";
import { Device } from "../../support/device.ts";
import { type Records, recordsOf } from "../../support/forged-store.ts";
import { personalisedFlash } from "../../support/keyed-flash.ts";
import { full } from "../../support/long-form.ts";
import { DirectTre } from "../../support/machine.ts";
import { changeBootstrap, mcimObject, type Vector } from "../../support/operators.ts";
import { boardsOfForm, type TestTarget } from "../../support/targets.ts";
import { asClient } from "../../support/whole-life.ts";

/** No command writes more often; a loop beyond it has lost its way. */
const MOST_OPERATIONS = 200;

interface Ready {
	readonly records: Records;
	readonly rootKey: Buffer;
	readonly mcim: Request<"acceptMcim">;
	readonly imsi: string;
	readonly vector: Vector;
}

/** A device that waits for its MCIM, the MCIM, and a vector of the subscription that it still has. */
async function requested(): Promise<Ready> {
	const { image, rootKey, ro, sho1, owned } = await personalisedFlash();
	const flash = new FlashMemory();
	flash.octets.set(image);
	const tre = asClient(new DirectTre(flash, rootKey));
	await tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
	const { mcim, ...request } = await mcimObject(tre, owned, sho1);
	return { records: recordsOf(flash.octets), rootKey, mcim: request, imsi: mcim.imsi, vector: ro.vector(owned.imsi) };
}

const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");

const targets: readonly TestTarget[] = ["emulator", ...boardsOfForm];

describe.each(targets)("power cuts on %s, at an operation of the flash", (target) => {
	let ready: Ready;
	let device: Device;
	beforeAll(async () => {
		ready = await requested();
		device = new Device(target);
	});
	afterAll(() => device.dispose());

	/** Whether the power went before `command` was answered; the device is on again, in whatever state. */
	async function cutDuring(cut: PowerCutAt, command: (tre: TreClient) => Promise<unknown>): Promise<boolean> {
		await device.kill();
		device.fill(storeOf(ready.records), ready.rootKey);
		await device.start();
		const tre = await device.open({ repeatMs: 100 });
		await device.rig.cutPowerAt(cut);
		const answered = await command(tre).then(
			() => true,
			() => false,
		);
		await tre.close();
		if (answered) {
			// The cut would come yet: what was planned ends with this boot.
			await device.kill();
			await device.start();
		}
		return !answered;
	}

	/** Every operation of a command in the full form, the first ones of it in the short one, each in two ways. */
	async function atEach(command: (tre: TreClient) => Promise<unknown>, after: (cut: boolean) => Promise<void>) {
		let cuts = 0;
		let reached = false;
		for (let operations = 0; operations < (full ? MOST_OPERATIONS : 2); operations++) {
			let answered = false;
			for (const octets of full ? [0, 1, 5, 13] : [0, 5]) {
				const cut = await cutDuring({ operations, octets }, command);
				await after(cut);
				if (cut) cuts++;
				else answered = true;
			}
			reached ||= answered;
			if (reached) break;
		}
		if (full) expect(reached, "no cut was beyond the last operation").toBe(true);
		process.stdout.write(`power cuts on ${target}: ${cuts}\n`);
		expect(cuts).toBeGreaterThan(1);
	}

	/** Greets the device until it is back. */
	async function again<T>(run: (tre: TreClient) => Promise<T>): Promise<T> {
		for (;;) {
			const tre = await device.open({ repeatMs: 100 }).catch(() => undefined);
			if (!tre) {
				await sleep(20);
				continue;
			}
			try {
				return await run(tre);
			} finally {
				await tre.close();
			}
		}
	}

	test("acceptMcim: it happened or it did not, and host and device agree", async () => {
		await atEach(
			(tre) => tre.call("acceptMcim", ready.mcim),
			(cut) =>
				again(async (tre) => {
					const { state, pendingImsi } = await tre.status();
					if (state === "requested") {
						expect(cut, "an answer, and no MCIM").toBe(true);
						expect(pendingImsi).toBe("");
						await tre.call("acceptMcim", ready.mcim);
					} else expect({ state, pendingImsi }).toEqual({ state: "installed", pendingImsi: ready.imsi });
					expect((await tre.call("status", {})).state).toBe(lifeStates.installed);
					await tre.call("activate", {});
				}),
		);
	});

	test("AUTHENTICATE: an AUTN whose RES was seen is spent, and whatever happened it is accepted once at most", async () => {
		const request = { rand: bytes(ready.vector.rand), autn: bytes(ready.vector.autn) };
		await atEach(
			async (tre) => expect((await tre.call("authenticate", request)).outcome).toBe(0),
			(cut) =>
				again(async (tre) => {
					const { outcome } = await tre.call("authenticate", request);
					if (!cut) expect(outcome).toBe(1);
					expect((await tre.call("authenticate", request)).outcome).toBe(1);
				}),
		);
	});
});
