import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { elements, type Trial } from "../../hil/scenarios/restarts.ts";
import { full } from "../support/long-form.ts";

/** Runs `hil restarts` as people do. */
async function restarts(args: readonly string[]): Promise<Trial[]> {
	const command = [resolve("build/js/hil/cli/main.js"), "restarts", "--json", ...args];
	const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
	const trials: Trial[] = [];
	for await (const line of createInterface({ input: child.stdout })) {
		trials.push(JSON.parse(line) as Trial);
		if (full) process.stdout.write(`restarts: ${trials.length} stories\n`);
	}
	return trials;
}

test.each([
	["story", 60, "20", "6"],
	["firmware", 90, "3", "2"],
] as const)(
	`restart matrix of the %s: ${full ? "every element before and after every step" : "a seeded sample"}`,
	{
		timeout: full ? 6 * 3_600_000 : 600_000,
	},
	async (scenario, steps, seed, sample) => {
		const trials = await restarts(["--scenario", scenario, ...(full ? [] : ["--sample", sample, "--seed", seed])]);
		expect(trials.filter(({ ok }) => !ok)).toEqual([]);
		expect(trials.length).toBeGreaterThanOrEqual(full ? 2 * steps * elements.length : Number(sample));
	},
);
