import { describe, expect, test } from "vitest";
import { generator } from "../../../hil/rig/sampling.ts";
import { keyedFlash } from "../../support/keyed-flash.ts";
import { full } from "../../support/long-form.ts";
import { plantedFirmware } from "../../support/planted.ts";
import { type Step, stepOf } from "./attacker.ts";
import { failureOf, shrink } from "./shrink.ts";
import { makeSetting } from "./world.ts";

const STEPS = full ? 1_000_000 : 20_000;
/** Steps of one device; then another one, with other seeds. */
const LIFE = 2_000;
const timeout = 12 * 3_600_000;

const keyed = (): [Uint8Array, Uint8Array] => {
	const { image, rootKey } = keyedFlash();
	return [image, rootKey];
};

const lifeOf = (seed: number): Step[] => {
	const random = generator(seed);
	return Array.from({ length: LIFE }, () => stepOf(random));
};

describe("a hostile host against the running firmware, with a model of the life states beside it (G1 to G8)", () => {
	test(`${STEPS} steps, each answer and the status after it compared`, { timeout }, async () => {
		for (let seed = 1; seed <= STEPS / LIFE; seed++) {
			const setting = await makeSetting(...keyed());
			const steps = lifeOf(seed);
			const failure = failureOf(setting, steps);
			if (failure) {
				const fewest = shrink(setting, steps.slice(0, failure.at + 1));
				const what = failureOf(setting, fewest)?.what;
				expect.fail(`seed ${seed}: ${what}\nshrunk to ${JSON.stringify(fewest)}`);
			}
		}
		process.stdout.write(`hostile host: ${STEPS} steps\n`);
	});

	test.each([
		[
			"G2: the account need not name the root",
			"mcim/account.ts",
			"foreignError(this.treId, this.rootHash, rootHash)",
			"foreignError(this.treId, this.rootHash, this.rootHash)",
		],
		[
			"G3: the MCIM need not answer the open request",
			"commands/provisioning.ts",
			"	if (!equal(document.nonceB, change.nonceB)) return ERROR_NONCE_MISMATCH;",
			"	if (document.nonceB.length == 0) return ERROR_NONCE_MISMATCH;",
		],
		[
			"G5: a bootstrap with a spent SERIAL counts",
			"commands/bootstrap.ts",
			"document.serial <= state.serial) return ERROR_REPLAYED;",
			"document.serial == 0) return ERROR_REPLAYED;",
		],
		["G9: an offer outlives the reign of its SHO", "life/endings.ts", "	remove(RECORD_OFFER);\n", ""],
		[
			"G7: a K may come again",
			"mcim/mcim.ts",
			"known.length && equal(known, mark)) return ERROR_KEY_REUSED;",
			"known.length && mark.length == 0) return ERROR_KEY_REUSED;",
		],
		[
			"G7: an old SQN is taken",
			"aka/sqn.ts",
			"	return number > own && number - own <= DELTA;",
			"	return number + DELTA > own;",
		],
	])("a planted fault is found and shrunk. %s", { timeout }, async (_what, file, original, faulty) => {
		const setting = await makeSetting(...keyed(), plantedFirmware(file, original, faulty));
		let failing: Step[] = [];
		for (let seed = 1; seed <= 20 && failing.length === 0; seed++) {
			const steps = lifeOf(seed);
			const failure = failureOf(setting, steps);
			if (failure) failing = steps.slice(0, failure.at + 1);
		}
		expect(failing.length).toBeGreaterThan(0);
		const fewest = shrink(setting, failing);
		expect(fewest.length).toBeLessThan(30);
	});
});
