import { full } from "../long-form.ts";
import { noise } from "./bundles.ts";

const SEED = process.env.TEST_SEED ?? "flash";

/** Numbers below `count`: all of them in the long form, in the short one so many that a seed picks, the ends among them. */
export function sampled(count: number, howMany: number): readonly number[] {
	if (full || count <= howMany) return Array.from({ length: count }, (_, n) => n);
	const drawn = noise(SEED, 4 * howMany);
	const some = Array.from({ length: howMany }, (_, n) => drawn.readUInt32LE(4 * n) % count);
	return [...new Set([0, count - 1, ...some])].sort((a, b) => a - b);
}
