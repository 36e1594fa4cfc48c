import { Attacker, Broken, type Step } from "./attacker.ts";
import type { Setting } from "./world.ts";

/** The first step that breaks something, and what; undefined where none does. */
export function failureOf(
	setting: Setting,
	steps: Iterable<Step>,
): { readonly at: number; readonly what: string } | undefined {
	const attacker = new Attacker(setting);
	let at = 0;
	for (const step of steps) {
		try {
			attacker.run(step);
		} catch (error) {
			return { at, what: error instanceof Broken ? error.message : String((error as Error).stack) };
		}
		at++;
	}
	return undefined;
}

/** Leaves steps out as long as something still breaks: halves first, then single ones. */
export function shrink(setting: Setting, failing: readonly Step[]): readonly Step[] {
	let steps = failing;
	for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
		for (let from = 0; from < steps.length; ) {
			const fewer = [...steps.slice(0, from), ...steps.slice(from + size)];
			const failure = failureOf(setting, fewer);
			if (failure) steps = fewer.slice(0, failure.at + 1);
			else from += size;
		}
	}
	return steps;
}
