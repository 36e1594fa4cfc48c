import { tellStory } from "../story/story.ts";
import { line } from "./ladder.ts";

interface Options {
	readonly evidence?: string;
	readonly keep?: boolean;
	readonly json?: boolean;
}

/** Tells the story step by step, with the clause each step implements. */
export async function printStory(options: Options): Promise<void> {
	const say = (text: string) => process.stdout.write(`${text}\n`);
	// With the first step, so that a refusal stands alone.
	let begun = options.json ?? false;
	const begin = (): void => {
		if (!begun) say("One emulated device, three operators: manufacture, initial attach, two changes of operator.\n");
		begun = true;
	};
	const story = await tellStory({
		...options,
		onStep: (step) => {
			begin();
			say(options.json ? JSON.stringify(step) : line(step));
		},
	});
	const { result, wallMs, folder } = story;
	if (options.json) {
		say(JSON.stringify(result));
		return;
	}
	say(`\nTRE ${result.treId}`);
	for (const change of result.changes)
		say(`  ${change.fromSho} → ${change.toSho}: ${change.imsiBefore} → ${change.imsiAfter}`);
	say(`${story.steps.length} steps in ${(wallMs / 1000).toFixed(1)} s; every process has ended.`);
	if (options.evidence !== undefined) say(`Evidence: ${options.evidence}`);
	say(folder === undefined ? "The lab and its folder are gone." : `Lab kept: ${folder}`);
}
