import { type disturbable, elements, restartMatrix, type Trial } from "../scenarios/restarts.ts";

interface Options {
	readonly scenario: keyof typeof disturbable;
	readonly sample?: number;
	readonly seed: number;
	readonly width: number;
	readonly json?: boolean;
}

/** A row a step, two columns an element, before and after: ✓ completed, ✗ did not, · not tried. */
function grid(trials: readonly Trial[]): string {
	const steps = [...new Set(trials.map(({ step }) => step))].sort((a, b) => a - b);
	const mark = (step: number, element: string, when: Trial["when"]): string => {
		const trial = trials.find((one) => one.step === step && one.element === element && one.when === when);
		return trial ? (trial.ok ? "✓" : "✗") : "·";
	};
	const head = elements.map((element, n) => `${n + 1} ${element}`).join(", ");
	const cells = (step: number): string =>
		elements.map((element) => `${mark(step, element, "before")}${mark(step, element, "after")}`).join("  ");
	const rows = steps.map((step) => `${String(step).padStart(4)}  ${cells(step)}`);
	return [
		`columns: ${head}; killed before the step, and after it`,
		`step  ${elements.map((_, n) => String(n + 1).padEnd(2)).join("  ")}`,
		...rows,
	].join("\n");
}

/** Kills and restarts each element before and after each step of the story, and prints the matrix. */
export async function printRestarts(options: Options): Promise<void> {
	const say = (text: string) => process.stdout.write(`${text}\n`);
	const started = performance.now();
	const trials = await restartMatrix({
		...(options.sample === undefined ? {} : { sample: options.sample }),
		...{ scenario: options.scenario, seed: options.seed },
		width: options.width,
		onTrial: (trial, done, total) => {
			if (options.json) return void say(JSON.stringify(trial));
			const left = Math.ceil((((performance.now() - started) / done) * (total - done)) / 60_000);
			const outcome = trial.ok ? "completed" : `FAILED\n${trial.why}`;
			say(
				`${done}/${total} ${trial.element} ${trial.when} step ${trial.step}: ${outcome} (${(trial.wallMs / 1000).toFixed(1)} s; about ${left} min left)`,
			);
		},
	});
	if (!options.json) say(grid(trials));
	const failed = trials.filter(({ ok }) => !ok).length;
	if (!options.json) say(`${trials.length - failed} of ${trials.length} stories completed; seed ${options.seed}`);
	if (failed > 0) process.exitCode = 1;
}
