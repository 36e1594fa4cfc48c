/** Numbers from the first to the last, both counted. */
export type Span = readonly [first: number, last: number];

/** So many are kept apart; then the nearest two become one, what lies between them included. */
const MAX_SPANS = 16;

const inOrder = (spans: readonly Span[]): Span[] => [...spans].sort(([a], [b]) => a - b);

/** Those that touch become one. */
function joined(spans: readonly Span[]): Span[] {
	const result: Span[] = [];
	for (const [first, last] of inOrder(spans)) {
		const before = result.at(-1);
		if (before && first <= before[1] + 1) result[result.length - 1] = [before[0], Math.max(before[1], last)];
		else result.push([first, last]);
	}
	return result;
}

/** With one more. Pure. */
export function withSpan(spans: readonly Span[], span: Span): readonly Span[] {
	const all = joined([...spans, span]);
	while (all.length > MAX_SPANS) {
		const gaps = all.slice(1).map(([first], n) => first - (all[n] as Span)[1]);
		const at = gaps.indexOf(Math.min(...gaps));
		const [one, other] = all.splice(at, 2) as [Span, Span];
		all.splice(at, 0, [one[0], other[1]]);
	}
	return all;
}

/** The first number behind `after` from which `count` in a row are in no span. Pure. */
export function firstFree(spans: readonly Span[], after: number, count: number): number {
	let first = after + 1;
	for (const [from, to] of inOrder(spans)) if (from < first + count && to >= first) first = to + 1;
	return first;
}

/** The highest number of a span that begins at or below `limit`, or `limit` where it is in none; 0 where there is none. */
export function highestWithin(spans: readonly Span[], limit: number): number {
	return Math.max(0, ...spans.filter(([from]) => from <= limit).map(([, to]) => Math.min(to, limit)));
}
