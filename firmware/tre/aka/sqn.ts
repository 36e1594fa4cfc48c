import { readU48, writeU48 } from "../octets/octets";
import { get, put } from "../store/log";
import { RECORD_SEQ } from "../store/records";

/** SQN = SEQ | IND, five bits of IND (TS 33.102 Annex C.1.1). */
export const IND_BITS: u64 = 5;
const INDEXES: i32 = 32;
const IND_MASK: u64 = 31;
/** The largest jump of SEQ that is accepted, TS 33.102 C.3. */
export const DELTA: u64 = 1 << 28;

const seq = new StaticArray<u64>(INDEXES);
let loadedSlot: u32 = u32.MAX_VALUE;

/** Brings the array SEQ_MS of an MCIM into memory; what was never used stands at `initial`. */
export function loadArray(slot: u32, initial: u64): void {
	if (slot == loadedSlot) return;
	for (let i = 0; i < INDEXES; i++) {
		const octets = get(RECORD_SEQ + 32 * slot + i);
		seq[i] = octets.length == 6 ? readU48(octets, 0) : initial;
	}
	loadedSlot = slot;
}

export function forgetArray(): void {
	loadedSlot = u32.MAX_VALUE;
}

/** TS 33.102 C.2.2: fresh for its index, and not further ahead than DELTA. */
export function isFresh(sqn: u64): bool {
	const number = sqn >> IND_BITS;
	const own = seq[<i32>(sqn & IND_MASK)];
	return number > own && number - own <= DELTA;
}

/** Highest SQN_MS of the array, as AUTS carries it. */
export function highest(): u64 {
	let best: u64 = 0;
	for (let i = 0; i < INDEXES; i++) {
		const sqn = (seq[i] << IND_BITS) | <u64>i;
		if (sqn > best) best = sqn;
	}
	return best;
}

/** Puts the accepted SQN into the running transaction. */
export function accept(slot: u32, sqn: u64): void {
	const octets = new Uint8Array(6);
	writeU48(octets, 0, sqn >> IND_BITS);
	put(RECORD_SEQ + 32 * slot + <u32>(sqn & IND_MASK), octets);
}

/** Follows in memory after the transaction is durable. */
export function accepted(sqn: u64): void {
	seq[<i32>(sqn & IND_MASK)] = sqn >> IND_BITS;
}
