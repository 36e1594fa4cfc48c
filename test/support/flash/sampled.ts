import { full } from "../long-form.ts";
import { noise } from "./bundles.ts";

const SEED = process.env.TEST_SEED ?? "flash";

/** How much more of what a seed picks is tried in the long form. */
const LONGER = 10;

/** Milliseconds for a test that tries a sample. */
export const SAMPLE_MS = full ? 3_600_000 : 240_000;

/** So many numbers below `count` as a seed picks them, the ends among them. */
export function sampled(count: number, short: number): readonly number[] {
	const howMany = full ? short * LONGER : short;
	if (count <= howMany) return Array.from({ length: count }, (_, n) => n);
	const drawn = noise(SEED, 4 * howMany);
	const some = Array.from({ length: howMany }, (_, n) => drawn.readUInt32LE(4 * n) % count);
	return [...new Set([0, count - 1, ...some])].sort((a, b) => a - b);
}
