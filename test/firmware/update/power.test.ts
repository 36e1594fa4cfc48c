import { beforeAll, describe, expect, test } from "vitest";
import { PowerCut } from "../../../firmware/emulator/power.ts";
import { readFlash } from "../../support/flash-image.ts";
import { keyedFlash } from "../../support/keyed-flash.ts";
import { full } from "../../support/long-form.ts";
import { plantedBootStage, plantedFirmware } from "../../support/planted.ts";
import { type Modules, sendUpdate, slotImages, UpdatableDevice } from "../../support/updatable-device.ts";

const timeout = 3_600_000;

/** xorshift32: the same tears on every run. */
function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) / 2 ** 32;
	};
}

/** Keys of records that a start and an update write: boots, wear, security counter, audit trail. */
const moving = (key: number): boolean =>
	key === 2 || key === 24 || key === 25 || (key >= 0x60 && key < 0x80) || key >= 0xfffe;

/** The records of the store that no update may touch, as they stand last. */
const kept = (store: Uint8Array): string =>
	JSON.stringify(
		[...new Map(readFlash(Buffer.from(store)).map(({ key, octets }) => [key, octets.toString("hex")]))]
			.filter(([key]) => !moving(key))
			.sort(([a], [b]) => a - b),
	);

let first: readonly Buffer[];
let second: readonly Buffer[];
let third: readonly Buffer[];

beforeAll(async () => {
	first = await slotImages({ version: "1.0.0", securityCounter: 1, size: 300 });
	second = await slotImages({ version: "2.0.0", securityCounter: 2, size: 400 });
	third = await slotImages({ version: "3.0.0", securityCounter: 3, size: 300 });
});

/** From the beginning of an update to the restart that confirms it. */
function updated(device: UpdatableDevice): void {
	sendUpdate(device.start(), second);
	device.start();
}

/** A keyed device that runs the first firmware, and what the power leaves of it when it is off. */
function keyedDevice(modules?: Modules) {
	const { image, rootKey } = keyedFlash();
	const device = new UpdatableDevice(rootKey, seeded(7), modules);
	device.store.octets.set(image);
	device.flash(first);
	device.start();
	const before = device.snapshot();
	const begun = device.power.operations;
	updated(device);
	return { device, before, operations: device.power.operations - begun };
}

/** Cuts the power at an operation of the update, and again while the device starts. */
function cutAt(device: UpdatableDevice, cut: number): void {
	device.power.left = cut;
	expect(() => updated(device), `cut ${cut}`).toThrow(PowerCut);
	if (cut % 3 === 0) {
		device.power.left = cut % 5;
		try {
			device.start();
		} catch (error) {
			if (!(error instanceof PowerCut)) throw error;
		}
	}
	device.power.left = undefined;
}

/** Cuts at each of these operations; how often the new firmware ran afterwards. */
function prove(cuts: readonly number[], modules?: Modules): number {
	const { device, before } = keyedDevice(modules);
	const store = kept(before.store);
	let ranNew = 0;
	for (const [attempt, cut] of cuts.entries()) {
		device.restore(before);
		cutAt(device, cut);
		// Every second time nobody greets it, and what is on trial by then has its starts spent.
		if (attempt % 2 === 0) for (let starts = 0; starts < 4; starts++) device.startSilently();
		const tre = device.start();
		const slot = device.boot.place(device.slot);
		const whole = [first, second].map((slots) => slots[device.slot] as Buffer);
		expect(
			whole.filter((octets) => octets.equals(device.slots.octets.subarray(slot, slot + octets.length))).length,
			`cut ${cut}`,
		).toBe(1);
		const { version, triesLeft, lowest } = tre.call("updateStatus", {});
		expect(["1.0.0", "2.0.0"], `cut ${cut}`).toContain(version);
		expect(triesLeft, `cut ${cut}`).toBe(0);
		expect(lowest, `cut ${cut}`).toBe(version === "1.0.0" ? 1 : 2);
		expect(kept(device.store.octets), `cut ${cut}`).toBe(store);
		if (version === "2.0.0") ranNew++;
		sendUpdate(tre, third);
		expect(device.start().call("updateStatus", {}), `cut ${cut}`).toMatchObject({ version: "3.0.0", lowest: 3 });
	}
	return ranNew;
}

describe("power fails at any operation of the flash in an update", () => {
	test("what starts is one firmware or the other, whole; key and store are what they were; the next update works", {
		timeout,
	}, () => {
		const { operations } = keyedDevice();
		expect(operations).toBeGreaterThan(200);
		// The short form cuts at every twelfth, and at each of the last ones, where what counts is written.
		const isTried = (cut: number): boolean => full || cut >= operations - 30 || cut % 12 === 0;
		const cuts = Array.from({ length: operations }, (_, cut) => cut).filter(isTried);
		const ranNew = prove(cuts);
		process.stdout.write(
			`update: power cut at ${cuts.length} of ${operations} operations; ${ranNew} times the new firmware ran then\n`,
		);
		expect(ranNew).toBeGreaterThan(3);
		expect(cuts.length - ranNew).toBeGreaterThan(10);
	});

	const tail = (operations: number): number[] => Array.from({ length: 20 }, (_, n) => operations - 1 - n);
	const spread = (operations: number): number[] =>
		Array.from({ length: operations }, (_, cut) => cut).filter((cut) => cut % 30 === 1);

	/** What is torn, and whether the device is greeted then, is left to chance: so where it happens it is tried several times. */
	test.each<[string, (operations: number) => number[], () => Modules | Promise<Modules>]>([
		[
			"the way back is closed before the new firmware is confirmed",
			(operations) => Array<number[]>(4).fill(tail(operations)).flat(),
			() => ({
				firmware: plantedFirmware(
					"update/trial.ts",
					"	note(LOG_UPDATE_CONFIRMED, own.digest, new Uint8Array(0));\n",
					"	note(LOG_UPDATE_CONFIRMED, own.digest, new Uint8Array(0));\n	raiseCounter(own);\n",
				),
			}),
		],
		[
			"the boot stage does not look at the image behind a good header",
			spread,
			async () => ({
				firmware: plantedFirmware(
					"update/reception.ts",
					"	target = slot;\n",
					"	target = slot;\n	update.program(slot, 0, header.dataStart, header.length);\n	update.choose(slot, 0);\n",
				),
				bootStage: await plantedBootStage(
					"image.c",
					"return has_digest(header, slot) ? 0 : BOOT_WRONG_DIGEST;",
					"(void)has_digest;\n  return 0;",
				),
			}),
		],
	])("a planted fault is found: %s", { timeout }, async (_what, cuts, make) => {
		const modules = await make();
		const { operations } = keyedDevice(modules);
		expect(() => prove(cuts(operations), modules)).toThrow();
	});
});
