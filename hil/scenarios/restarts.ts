import { world } from "../lab/world.ts";
import { generator } from "../rig/sampling.ts";
import { play, type Scenario } from "../stage/play.ts";
import type { Disturbance } from "../stage/stage.ts";
import { firmware } from "./firmware.ts";
import { story } from "./story.ts";

/** Everything that can die: the TRE, the M2ME, visited network, PVA, each operator. */
export const elements: readonly string[] = [
	"tre",
	"m2me",
	"vno",
	"pva",
	...world.operators.map(({ shoId }) => `operator-${shoId}`),
];

/** One story in which one element was killed and restarted before or after one step. */
export interface Trial extends Disturbance {
	readonly ok: boolean;
	readonly wallMs: number;
	readonly why?: string;
}

/** What may be disturbed; the firmware over the air has all of a change in it, too. */
export const disturbable = { story, firmware } as const;

/** Length of the undisturbed ladder. */
export async function ladderLength(scenario: Scenario = story): Promise<number> {
	return (await play(scenario, { onStep: () => undefined })).steps.length;
}

/**
 * Kills (-9) and restarts an element right before or after a step, and tells the story to its end: the
 * operators agree, the device has one MCIM, and it is the last operator's.
 */
export async function tryRestart(disturb: Disturbance, scenario: Scenario = story): Promise<Trial> {
	const started = performance.now();
	const passed = (): number => Math.round(performance.now() - started);
	try {
		await play(scenario, { onStep: () => undefined, disturb });
		return { ...disturb, ok: true, wallMs: passed() };
	} catch (error) {
		return { ...disturb, ok: false, wallMs: passed(), why: error instanceof Error ? error.message : String(error) };
	}
}

export interface Sampling {
	readonly scenario?: keyof typeof disturbable;
	/** Trials at most; without it, all. */
	readonly sample?: number;
	readonly seed?: number;
	/** Stories at a time. */
	readonly width?: number;
	readonly onTrial?: (trial: Trial, done: number, total: number) => void;
}

/** The restart matrix: every element before and after every step, or a seeded sample of it. */
export async function restartMatrix(options: Sampling = {}): Promise<readonly Trial[]> {
	const scenario = disturbable[options.scenario ?? "story"];
	const length = await ladderLength(scenario);
	const all = elements.flatMap((element) =>
		Array.from({ length }, (_, n) =>
			(["before", "after"] as const).map((when) => ({ element, when, step: n + 1 })),
		).flat(),
	);
	const random = generator(options.seed ?? 1);
	const sample = options.sample ?? all.length;
	const chosen =
		sample >= all.length
			? all
			: Array.from({ length: sample }, () => all.splice(Math.floor(random() * all.length), 1)[0]);
	const trials: Trial[] = [];
	const queue = [...chosen];
	const worker = async () => {
		for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
			const trial = await tryRestart(next, scenario);
			trials.push(trial);
			options.onTrial?.(trial, trials.length, chosen.length);
		}
	};
	await Promise.all(Array.from({ length: options.width ?? 2 }, worker));
	return trials;
}
