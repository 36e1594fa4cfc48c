import { afterAll, describe, expect, test } from "vitest";
import { full } from "../../support/long-form.ts";
import { plantedFirmware } from "../../support/planted.ts";
import { geometries, smallest } from "./geometries.ts";
import { keyed, recordLife } from "./life.ts";
import { type Plan, PowerCutProof } from "./proof.ts";

const timeout = 6 * 3_600_000;

const plan: Plan = full
	? { share: 1, tears: 2, recoveryShare: 0.0004, seed: 1 }
	: { share: 0.006, tears: 1, recoveryShare: 0.002, seed: 1 };

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

	const sampled: Partial<Plan> = { share: 0.1 };
	const erases: Partial<Plan> = { share: 1, only: "erase" };

	test.each<[string, string, string, string, Partial<Plan>, string?]>([
		[
			"an erase that a cut broke off is taken for a whole one",
			log,
			"	if (!(spareErased && isBlank(other)) && !eraseBank(other)) return false;",
			"",
			sampled,
		],
		[
			"no commit record is asked for",
			log,
			"		if (key == COMMIT) {",
			"		if (key != COMMIT) remember(key, offset, length);\n		if (key == COMMIT) {",
			sampled,
		],
		[
			"an unfinished tail is left where it is",
			log,
			"return compact(false) ? 0 : ERROR_FLASH_FAILED;",
			"return 0;",
			sampled,
		],
		[
			"whole records count without a commit record",
			log,
			"			return offset == begun;",
			"			return true;",
			sampled,
		],
		[
			"a secret that was deleted stays in the live bank",
			log,
			"	if (stale) dropStale();\n	return 0;",
			"	return 0;",
			sampled,
		],
		[
			"the old bank is left after a cut",
			log,
			"	if (!isBlank(1 - bank)) spareErased = eraseBank(1 - bank);",
			"",
			erases,
		],
		[
			"a wipe that was interrupted is forgotten",
			"main.ts",
			"	if (error == 0) error = endWipe();\n",
			"",
			{ share: 1 },
			"wipe",
		],
	])("%s", { timeout }, async (_what, file, original, faulty, cuts, command) => {
		const tre = plantedFirmware(file, original, faulty);
		const proof = new PowerCutProof({ ...plan, tears: 1, recoveryShare: 0, tre, ...cuts });
		for (const written of await recordLife(smallest, keyed(smallest)))
			if (proof.violations.length === 0 && written.name === (command ?? written.name)) proof.run(written);
		expect(proof.violations.length).toBeGreaterThan(0);
	});
});
