import { elements, restartMatrix, type Trial } from "../scenarios/restarts.ts";

interface Options {
	readonly sample?: string;
	readonly seed: string;
	readonly json?: boolean;
}

/** A row a step, a column an element: ✓ completed, ✗ did not, · not tried. */
function grid(trials: readonly Trial[]): string {
	const steps = [...new Set(trials.map(({ step }) => step))].sort((a, b) => a - b);
	const mark = (step: number, element: string): string => {
		const trial = trials.find((one) => one.step === step && one.element === element);
		return trial ? (trial.ok ? "✓" : "✗") : "·";
	};
	const head = elements.map((element, n) => `${n + 1} ${element}`).join(", ");
	const rows = steps.map(
		(step) => `${String(step).padStart(4)}  ${elements.map((element) => mark(step, element)).join("  ")}`,
	);
	return [`columns: ${head}`, `step  ${elements.map((_, n) => n + 1).join("  ")}`, ...rows].join("\n");
}

/** Kills and restarts each element after each step of the story, and prints the matrix. */
export async function printRestarts(options: Options): Promise<void> {
	const say = (text: string) => process.stdout.write(`${text}\n`);
	const trials = await restartMatrix({
		...(options.sample === undefined ? {} : { sample: Number(options.sample) }),
		seed: Number(options.seed),
		onTrial: (trial, done, total) => {
			if (options.json) say(JSON.stringify(trial));
			else
				say(
					`${done}/${total} ${trial.element} after step ${trial.step}: ${trial.ok ? "completed" : `FAILED\n${trial.why}`} (${(trial.wallMs / 1000).toFixed(1)} s)`,
				);
		},
	});
	if (!options.json) say(grid(trials));
	const failed = trials.filter(({ ok }) => !ok).length;
	if (!options.json) say(`${trials.length - failed} of ${trials.length} stories completed; seed ${options.seed}`);
	if (failed > 0) process.exitCode = 1;
}
