import { describe, expect, test } from "vitest";
import { full } from "../../support/long-form.ts";
import { plantedFirmware } from "../../support/planted.ts";
import { FailingFlashProof } from "./failing.ts";
import { geometries, smallest } from "./geometries.ts";
import { keyed, recordLife } from "./life.ts";

const timeout = 6 * 3_600_000;

describe("a flash that fails once, for good, or silently: the error has its name, nothing has changed, the next request and the next boot work", () => {
	test.each(Object.entries(geometries))("%s", { timeout }, async (_name, geometry) => {
		const start = keyed(geometry);
		const proof = new FailingFlashProof({ share: full ? 0.1 : 0.004, seed: 1, rootKey: start.rootKey });
		for (const written of await recordLife(geometry, start)) proof.run(written);
		process.stdout.write(`flash failures: ${proof.failures}\n`);
		expect(proof.broken.slice(0, 3)).toEqual([]);
		expect(proof.failures).toBeGreaterThan(10);
	});

	test.each([
		[
			"what was written is not read back",
			"store/bank.ts",
			"function isIntact(which: u32, from: u32, to: u32): bool {\n",
			"function isIntact(which: u32, from: u32, to: u32): bool {\n	if (from < to) return true;\n",
		],
		[
			"what follows a failed program is written over it",
			"store/log.ts",
			"	dirty = true;\n	const behind",
			"	const behind",
		],
		[
			"a commit record is written behind records that the flash does not hold",
			"store/log.ts",
			"	if (!isIntact(bank, end, behind)) return ERROR_FLASH_FAILED;\n",
			"",
		],
		[
			"a boot that could not be stored is one",
			"main.ts",
			"	if (error == 0) error = countBoot();",
			"	if (error == 0) countBoot();",
		],
	])("a planted fault is found: %s", { timeout }, async (_what, file, original, faulty) => {
		const start = keyed(smallest);
		const tre = plantedFirmware(file, original, faulty);
		const proof = new FailingFlashProof({ share: 0.02, seed: 1, rootKey: start.rootKey, tre });
		for (const written of await recordLife(smallest, start)) if (proof.broken.length === 0) proof.run(written);
		expect(proof.broken.length).toBeGreaterThan(0);
	});
});
