import { randomInt } from "node:crypto";
import { Refusal } from "../../shared/refusal.ts";
import type { OperatorContext } from "../context.ts";

const DIGITS = 15;
/** Then it is looked through from a random place on: of a range that is half full so many tries find one. */
const TRIES = 32;

/**
 * A number below `size` that is not taken, drawn at random; undefined where all are. `taken` is asked about numbers, and
 * `count` is how many of them are taken.
 */
export function drawFree(
	size: number,
	count: number,
	taken: (number: number) => boolean,
	draw: (below: number) => number = randomInt,
): number | undefined {
	if (count >= size) return undefined;
	for (let n = 0; n < TRIES; n++) {
		const number = draw(size);
		if (!taken(number)) return number;
	}
	const from = draw(size);
	for (let n = 0; n < size; n++) if (!taken((from + n) % size)) return (from + n) % size;
	return undefined;
}

/** A free IMSI (or PCID) of the operator. Throws a Refusal where its range is full. */
export function newImsi({ config: { plmn, shoId }, store: { subscribers } }: OperatorContext): string {
	const digits = DIGITS - plmn.length;
	const imsiOf = (number: number) => plmn + String(number).padStart(digits, "0");
	const free = drawFree(10 ** digits, subscribers.size, (number) => subscribers.get(imsiOf(number)) !== undefined);
	if (free === undefined) throw new Refusal("imsi-range-full", `${shoId} has no IMSI left in ${plmn}`, 503);
	return imsiOf(free);
}
