/** The middle of some numbers. */
export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Milliseconds that something takes. */
export function timed(run: () => void): number {
	const started = performance.now();
	run();
	return performance.now() - started;
}

/**
 * How many times as long `a` takes as `b`: both in turn, so that a machine whose speed drifts drifts for both;
 * the median of the ratios.
 */
export function ratio(rounds: number, a: () => void, b: () => void): number {
	const ratios: number[] = [];
	for (let n = 0; n < rounds; n++) ratios.push(timed(a) / timed(b));
	return median(ratios);
}
