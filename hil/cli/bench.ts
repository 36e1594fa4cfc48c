import { story } from "../scenarios/story.ts";
import { play } from "../stage/play.ts";

interface Options {
	readonly json?: boolean;
}

/** Shares of a story's time: the TRE's cryptography, the rest of the TRE, serial line, network. */
export async function benchStory(what: string, options: Options): Promise<void> {
	if (what !== "story") throw new Error(`no benchmark "${what}"; there is: story`);
	const { timings, wallMs, steps } = await play(story, { onStep: () => undefined });
	const { tre = 0, crypto = 0 } = timings.tre ?? {};
	const line = (timings.factory?.line ?? 0) + (timings.m2me?.line ?? 0);
	const parts: Record<string, number> = {
		"cryptography in the TRE": crypto,
		"rest of the TRE": tre - crypto,
		"serial line and emulator process": line - tre,
		"network, operators, process starts": wallMs - line,
	};
	if (options.json) {
		process.stdout.write(`${JSON.stringify({ wallMs, steps: steps.length, parts })}\n`);
		return;
	}
	process.stdout.write(`story: ${(wallMs / 1000).toFixed(2)} s, ${steps.length} steps\n`);
	for (const [name, ms] of Object.entries(parts)) {
		process.stdout.write(
			`${name.padEnd(38)}${((100 * ms) / wallMs).toFixed(1).padStart(6)} %${ms.toFixed(0).padStart(8)} ms\n`,
		);
	}
}
