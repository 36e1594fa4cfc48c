import { beforeAll, describe, expect, test } from "vitest";
import { full } from "../../support/long-form.ts";
import { instrumentedArtefacts, instrumentedFirmware } from "./artefacts.ts";
import { type Artefacts, Fuzzer, keepInputs } from "./fuzzer.ts";
import { targets } from "./targets.ts";
import { fuzzWorld } from "./world.ts";

/** How many times as many inputs the long form has; with FUZZ_KEEP=1 what finds a new place is kept. */
const MORE = Number(process.env.FUZZ_MORE ?? (full ? 100 : 1));
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const timeout = 12 * 3_600_000;

const world = await fuzzWorld();

describe("every parser of the TRE that reads octets from outside: no trap, no hang, no growth; then the next good request", () => {
	let artefacts: Artefacts;
	beforeAll(async () => {
		artefacts = await instrumentedArtefacts();
	});

	test.each(targets(world).map((target) => [target.name, target] as const))("%s", { timeout }, async (name, target) => {
		const fuzzer = new Fuzzer(world, artefacts, target, SEED);
		const found = await fuzzer.run(target.inputs * MORE);
		const { reached, of, missed } = fuzzer.coverage;
		const { inputs, turns, restarts } = fuzzer.told;
		process.stdout.write(
			`fuzz ${name}: ${inputs} inputs, ${reached} of ${of} places (${Math.round((100 * reached) / of)} %), ` +
				`at most ${turns} turns of loops, ${restarts} devices\n`,
		);
		if (process.env.FUZZ_MISSED === "1") process.stdout.write(`${[...new Set(missed)].join("\n")}\n`);
		if (process.env.FUZZ_KEEP === "1") keepInputs(name, found);
		expect(of).toBeGreaterThan(0);
		expect(reached / of).toBeGreaterThanOrEqual(target.least);
	});

	test.each([
		[
			"a segment that is longer than its place",
			"segments",
			{
				file: "link/session.ts",
				original: "	if (segment >= segments || length > size || (!last && length != size)) return;\n",
				faulty: "",
			},
			/it traps|does not work/,
		],
		[
			"an end that is not looked for",
			"bootstrap",
			{
				file: "xml/scanner.ts",
				original: "while (!this.bad && this.at < this.input.length && this.input[this.at] != stop) {",
				faulty: "while (this.at >= this.input.length || this.input[this.at] != stop) {",
			},
			/it traps|it hangs/,
		],
		[
			"a loop without an end",
			"bootstrap",
			{ file: "octets/text.ts", original: "i < length; i += 4) {", faulty: "i < length; i += length > 8 ? 4 : 0) {" },
			/it hangs/,
		],
	])("a planted fault is found: %s", { timeout }, async (_what, name, fault, finding) => {
		const target = targets(world).find((one) => one.name === name);
		if (!target) throw new Error(`no target ${name}`);
		const fuzzer = new Fuzzer(world, { ...artefacts, tre: instrumentedFirmware(fault) }, target, SEED);
		await expect(fuzzer.run(target.inputs)).rejects.toThrow(finding);
	});
});
