import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, inject, test } from "vitest";
import type { Geometry } from "../../../firmware/emulator/flash.ts";
import { readFlash, writeFlash } from "../../support/flash-image.ts";
import { plantedFirmware } from "../../support/planted.ts";
import { recordLife, type Start } from "./life.ts";
import { type Plan, PowerCutProof } from "./proof.ts";

const full = process.env.TEST_FULL === "1";
const timeout = 6 * 3_600_000;

/** Sectors of the emulator, of a board with few large ones, and banks so small that the store compacts all the time. */
const geometries: Record<string, Geometry> = {
	"8 sectors of 16 KiB": { sectorSize: 16 * 1024, sectorCount: 8 },
	"2 sectors of 128 KiB": { sectorSize: 128 * 1024, sectorCount: 2 },
	"8 sectors of 4 KiB": { sectorSize: 4 * 1024, sectorCount: 8 },
	"4 sectors of 6 KiB": { sectorSize: 6 * 1024, sectorCount: 4 },
};
const smallest = geometries["4 sectors of 6 KiB"];

const plan: Plan = full
	? { share: 1, tears: 2, recoveryShare: 0.002, seed: 1 }
	: { share: 0.015, tears: 1, recoveryShare: 0.005, seed: 1 };

/** A device with its keys, in any geometry. */
function keyed({ sectorSize, sectorCount }: Geometry): Start {
	const records = new Map<number, Uint8Array>();
	const folder = inject("keyedDevice");
	for (const { key, octets } of readFlash(readFileSync(join(folder, "flash.bin")))) {
		if (octets.length > 0) records.set(key, octets);
	}
	return {
		image: writeFlash(sectorSize * sectorCount, records),
		rootKey: readFileSync(join(folder, "root.key")),
	};
}

describe("G4: power may fail at any flash operation, in the middle of one, and during recovery", () => {
	let states = 0;
	afterAll(() => {
		process.stdout.write(`power cuts: ${states} torn states\n`);
	});

	test.each(Object.entries(geometries))("store and model agree: %s", { timeout }, async (_name, geometry) => {
		const proof = new PowerCutProof(plan);
		for (const written of await recordLife(geometry, keyed(geometry))) proof.run(written);
		states += proof.states;
		expect(proof.violations.slice(0, 3)).toEqual([]);
		expect(proof.states).toBeGreaterThan(50);
	});

	test("from a virgin flash, with key generation", { timeout }, async () => {
		const proof = new PowerCutProof({ ...plan, share: full ? 1 : 0.1 });
		for (const written of (await recordLife(smallest, { rootKey: new Uint8Array(32) })).slice(0, 3)) proof.run(written);
		states += proof.states;
		expect(proof.violations.slice(0, 3)).toEqual([]);
		expect(proof.states).toBeGreaterThan(20);
	});
});

/** The proof can fail: each of these is a mistake that a store may have. */
describe("G4: planted faults are found", () => {
	const log = "store/log.ts";

	test.each([
		[
			"no commit record is asked for",
			log,
			"		if (key == COMMIT) {",
			"		if (key != COMMIT) remember(key, offset, length);\n		if (key == COMMIT) {",
		],
		["an unfinished tail is left where it is", log, "return !committedBeyond(beyond) && compact(ALL);", "return true;"],
		["whole records count without a commit record", log, "			return offset == begun;", "			return true;"],
		["the old bank is left after a cut", log, "	if (!isBlank(1 - bank)) eraseBank(1 - bank);", ""],
		["a wipe that was interrupted is forgotten", "main.ts", "mount() && endWipe() && ", "mount() && "],
	])("%s", { timeout }, async (what, file, original, faulty) => {
		const tre = plantedFirmware(file, original, faulty);
		const wiping = what.startsWith("a wipe");
		const proof = new PowerCutProof({ share: wiping ? 1 : 0.2, tears: 1, recoveryShare: 0, seed: 1, tre });
		for (const written of await recordLife(smallest, keyed(smallest))) {
			if (proof.violations.length === 0 && (written.name === "wipe" || !wiping)) proof.run(written);
		}
		expect(proof.violations.length).toBeGreaterThan(0);
	});
});
