import { afterEach, describe, expect, test } from "vitest";
import type { Progress } from "../../../host/flash/flash.ts";
import type { Plan } from "../../../host/flash/plan.ts";
import { rom } from "../../../host/flash/ways/rom.ts";
import { small } from "../../support/flash/bundles.ts";
import { copyOf, expectFlashed, planFor, usedDevice } from "../../support/flash/device.ts";
import { FlashChip } from "../../support/flash/flash-chip.ts";
import { RomModel } from "../../support/flash/rom-model.ts";

const models: RomModel[] = [];
afterEach(async () => {
	for (const model of models.splice(0)) await model.unplug();
});

function modelOf(chip: FlashChip): RomModel {
	const model = new RomModel(chip);
	models.push(model);
	return model;
}

const options = { isKeptCompared: true, isBoardNamed: false };
const flash = (target: string, plan: Plan, tell: (progress: Progress) => void = () => undefined) =>
	rom.flash({ target, baudRate: 115_200, parity: "even" }, plan, options, tell);

describe("tre flash --via rom", () => {
	test("writes boot stage and slot A, erases the records, keeps the rest, and starts the firmware", async () => {
		const [chip, plan] = [usedDevice(), planFor()];
		const before = copyOf(chip);
		const model = modelOf(chip);
		const done = await flash(model.powerUp(), plan);
		expectFlashed(chip, plan, before);
		expect(done).toEqual({
			chip: "the ROM loader of a chip 0x413",
			written: ["boot stage", "slot A"],
			same: [],
			cleared: ["boot records"],
			kept: ["device root key", "store"],
		});
		expect(model.started).toBe(0x0800_0000);
	});

	test("leaves a boot stage alone that is the same already, also where its sector is write-protected", async () => {
		const older = planFor({ version: "1.0.0", bootStage: Buffer.alloc(700, 1) });
		const plan = planFor({ bootStage: Buffer.alloc(700, 1) });
		const chip = usedDevice(older);
		chip.writeProtected = [0];
		const before = copyOf(chip);
		expect(await flash(modelOf(chip).powerUp(), plan)).toMatchObject({ written: ["slot A"], same: ["boot stage"] });
		expectFlashed(chip, plan, before);
		expect(chip.erased).not.toContain(0);
	});

	test("says how far it is, and comes to the end of each thing", async () => {
		const seen: Progress[] = [];
		await flash(
			modelOf(usedDevice(planFor({ version: "1.0.0" }, false, small))).powerUp(),
			planFor({}, false, small),
			(progress) => seen.push(progress),
		);
		const ends = seen.filter(({ done, total }) => done === total).map(({ doing, what }) => `${doing} ${what}`);
		for (const end of ["reading store", "erasing slot A", "writing slot A", "writing boot stage", "comparing slot A"])
			expect(ends).toContain(end);
		expect(seen.every(({ done, total }) => done >= 0 && done <= total)).toBe(true);
	});

	test("finds a loader that somebody else has left synchronised, or in the middle of any command", async () => {
		const plan = planFor({ size: 300 }, false, small);
		const chip = usedDevice(planFor({ version: "1.0.0" }, false, small));
		const before = copyOf(chip);
		for (const left of [
			[0x7f],
			[0x7f, 0x31],
			[0x7f, 0x31, 0xce, 8, 2],
			[0x7f, 0x44, 0xbb],
			[0x7f, 0x44, 0xbb, 0, 0, 0],
			[0x11],
		]) {
			const model = modelOf(chip);
			const port = model.powerUp();
			model.overhear(Uint8Array.from(left));
			await flash(port, plan);
			expectFlashed(chip, plan, before);
			await model.unplug();
		}
		expect(chip.erased).not.toContain(9);
	});
});

test("a loader behind a bridge that takes its time with the first answers is found, too", async () => {
	const plan = planFor({ size: 300 }, false, small);
	for (const late of [100, 500, 900]) {
		const chip = usedDevice(planFor({ version: "1.0.0" }, false, small));
		const before = copyOf(chip);
		const model = modelOf(chip);
		model.late = late;
		await flash(model.powerUp(), plan);
		expectFlashed(chip, plan, before);
	}
});

describe("what is read back decides", () => {
	/** A flash that does not do what it is told, and says nothing. */
	class Worn extends FlashChip {
		override program(address: number, octets: Uint8Array): boolean {
			const done = super.program(address, octets);
			if (this.weak(address)) this.at(address, 1).fill(0);
			return done;
		}

		override erase(sector: number): boolean {
			const done = super.erase(sector);
			const beside = this.beside(sector);
			if (beside !== undefined) this.area([beside]).fill(0);
			return done;
		}

		weak: (address: number) => boolean = () => false;
		beside: (sector: number) => number | undefined = () => undefined;
	}

	const older = planFor({ version: "1.0.0" }, false, small);

	function worn(): Worn {
		const chip = new Worn(small);
		usedDevice(older).octets.copy(chip.octets);
		return chip;
	}

	test("a cell that does not hold what was written is told, and nothing is started", async () => {
		const chip = worn();
		const [, slot] = planFor({}, false, small).pieces;
		chip.weak = (address) => address === (slot?.address ?? 0) + 512 + 256;
		const model = modelOf(chip);
		await expect(flash(model.powerUp(), planFor({}, false, small))).rejects.toThrow(
			"slot A: it reads back other than it was written; run the same command again",
		);
		expect(model.started).toBeUndefined();
	});

	test("a store that has changed meanwhile is told", async () => {
		const chip = worn();
		chip.beside = (sector) => (sector === 6 ? 10 : undefined);
		await expect(flash(modelOf(chip).powerUp(), planFor({}, false, small))).rejects.toThrow(
			"store: not as before, and nothing here has written there",
		);
	});
});

describe("is refused before anything is erased, with what to do", () => {
	async function refused(change: (model: RomModel) => void, plan = planFor()): Promise<string> {
		const chip = usedDevice();
		const before = copyOf(chip);
		const model = modelOf(chip);
		change(model);
		const words = await flash(model.powerUp(), plan).then(
			() => "nothing was refused",
			(error: Error & { code?: string }) => `${error.code}: ${error.message}`,
		);
		expect(chip.octets.equals(before.octets)).toBe(true);
		expect(chip.operations).toBe(0);
		return words;
	}

	test("another chip", async () => {
		const words = await refused((model) => {
			model.productId = 0x419;
		});
		expect(words).toBe(
			"chip-other: the ROM loader of a chip 0x419, which is no stm32f405; nothing was erased; connect the right board",
		);
	});

	test("a chip that is protected against reading: what taking it off destroys", async () => {
		const words = await refused((model) => {
			model.chip.isReadProtected = true;
		});
		expect(words).toMatch(/^chip-read-protected: .*TRE_id and subscriptions are gone: stm32flash -k PORT/);
	});

	test("another boot stage in a write-protected sector", async () => {
		const words = await refused((model) => {
			model.chip.writeProtected = [0];
		});
		expect(words).toMatch(
			/^sector-write-protected: sector 0 is write-protected, and what it holds is not the boot stage.*stm32flash -u PORT/,
		);
	});

	test("a write-protected slot", async () => {
		const words = await refused((model) => {
			model.chip.writeProtected = [6];
		});
		expect(words).toMatch(/^sector-write-protected: sector 6 is write-protected; nothing was erased/);
	});

	test("a port on which no loader answers: BOOT0, wires, parity", async () => {
		const words = await refused((model) => {
			model.isDeaf = true;
		});
		expect(words).toMatch(/^target-silent: no ROM loader answers on \/dev\/\S+; hold BOOT0 high/);
	});

	test("a target that is no port", async () => {
		await expect(flash("stlink", planFor())).rejects.toThrow(
			'"stlink" is nothing for this way; it takes a serial device',
		);
	});
});
