import { targetNamed } from "../rig/targets.ts";
import { scenarios } from "../scenarios/index.ts";
import { play, type Scenario } from "../stage/play.ts";
import { line } from "./ladder.ts";

interface Options {
	readonly evidence?: string;
	readonly keep?: boolean;
	readonly json?: boolean;
	readonly target: string;
	readonly map?: string;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Plays a scenario by name and tells it step by step; without a name, says which there are. */
export async function runScenario(name: string | undefined, options: Options): Promise<void> {
	if (name === undefined) {
		if (options.json) say(JSON.stringify(scenarios.map(({ name, does }) => ({ name, does }))));
		else for (const { name, does } of scenarios) say(`${name.padEnd(16)} ${does}`);
		return;
	}
	const scenario = scenarios.find((one) => one.name === name);
	if (!scenario) throw new Error(`no scenario "${name}"; there are: ${scenarios.map((one) => one.name).join(", ")}`);
	await tell(scenario, options);
}

async function tell(scenario: Scenario, options: Options): Promise<void> {
	// With the first step, so that a refusal stands alone.
	let begun = options.json ?? false;
	const begin = (): void => {
		if (!begun) say(`${scenario.name}: ${scenario.does}\n`);
		begun = true;
	};
	const { evidence, keep = false } = options;
	const played = await play(scenario, {
		...{ ...(evidence === undefined ? {} : { evidence }), keep },
		target: targetNamed(options.target, options.map),
		onStep: (step) => {
			begin();
			say(options.json ? JSON.stringify(step) : line(step));
		},
	});
	const { result, wallMs, folder } = played;
	if (options.json) {
		say(JSON.stringify(result));
		return;
	}
	say(`\nTRE ${result.treId}`);
	for (const change of result.changes)
		say(`  ${change.fromSho} → ${change.toSho}: ${change.imsiBefore} → ${change.imsiAfter}`);
	say(`${played.steps.length} steps in ${(wallMs / 1000).toFixed(1)} s; every process has ended.`);
	if (options.evidence !== undefined) say(`Evidence: ${options.evidence}`);
	say(folder === undefined ? "The lab and its folder are gone." : `Lab kept: ${folder}`);
}
