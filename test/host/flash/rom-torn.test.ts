import { afterEach, describe, expect, test } from "vitest";
import type { Plan } from "../../../host/flash/plan.ts";
import { BLOCK } from "../../../host/flash/rom/an3155.ts";
import { rom } from "../../../host/flash/ways/rom.ts";
import { bare, small } from "../../support/flash/bundles.ts";
import { copyOf, expectFlashed, expectNotTornForWhole, planFor, usedDevice } from "../../support/flash/device.ts";
import { RomModel } from "../../support/flash/rom-model.ts";
import { SAMPLE_MS, sampled } from "../../support/flash/sampled.ts";

let model: RomModel | undefined;
afterEach(() => model?.unplug());

const flash = (target: string, plan: Plan) =>
	rom.flash(
		{ target, baudRate: 115_200, parity: "even" },
		plan,
		{ isKeptCompared: false, isBoardNamed: false },
		() => undefined,
	);

const tiny = {
	...bare,
	name: "tiny",
	flash: { ...small.flash, bootStage: undefined, bootRecords: undefined, slots: undefined },
};

describe.each([
	["a board with a boot stage", small],
	["a board without one", tiny],
])("a flash through the ROM loader that breaks off, on %s", (_, board) => {
	const older = planFor({ version: "1.0.0", size: 4_005 }, false, board);

	/** Erases and programmings, or octets that the loader hears, of a whole flash. */
	async function lengthOf(plan: Plan): Promise<{ operations: number; octets: number }> {
		model = new RomModel(usedDevice(older));
		await flash(model.powerUp(), plan);
		await model.unplug();
		return { operations: model.chip.operations, octets: model.heard };
	}

	async function tear(plan: Plan, cut: (torn: RomModel) => void, again: (torn: RomModel) => string): Promise<void> {
		model = new RomModel(usedDevice(older));
		const before = copyOf(model.chip);
		const port = model.powerUp();
		cut(model);
		await expect(flash(port, plan)).rejects.toThrow();
		// A new terminal may get the descriptor of one that is still being closed.
		await model.unplug();
		expectNotTornForWhole(model.chip, older, plan);
		await flash(again(model), plan);
		expectFlashed(model.chip, plan, before);
		await model.unplug();
	}

	test(
		"because the supply goes in the middle of any erase or block: the same command repairs it",
		async () => {
			const plan = planFor({ size: 3_001 }, false, board);
			const { operations } = await lengthOf(plan);
			expect(operations).toBeGreaterThan(plan.pieces.reduce((sum, { octets }) => sum + octets.length / BLOCK, 0));
			for (let at = 0; at < operations; at++)
				await tear(
					plan,
					(torn) => torn.cutAt(at),
					(torn) => torn.powerUp(),
				);
		},
		SAMPLE_MS,
	);

	test(
		"because the cable comes out between any two octets: the same command repairs it, with no reset",
		async () => {
			const plan = planFor({ size: 3_001 }, false, board);
			const { octets } = await lengthOf(plan);
			for (const after of sampled(octets, 5))
				await tear(
					plan,
					(torn) => torn.pullAfter(after),
					(torn) => torn.plugIn(),
				);
		},
		SAMPLE_MS,
	);

	test(
		"while it is made blank: the same command goes on",
		async () => {
			const plan = planFor({}, true, board);
			const { operations } = await lengthOf(plan);
			for (const at of sampled(operations, 5))
				await tear(
					plan,
					(torn) => torn.cutAt(at),
					(torn) => torn.powerUp(),
				);
		},
		SAMPLE_MS,
	);
});
