import { LOG_ENTRIES, LOG_ENTRY_OCTETS } from "../../contract/as/codec";
import { readU32, writeU32 } from "../octets/octets";
import { get, put, readInto } from "../store/log";
import { RECORD_BOOTS, RECORD_LOG } from "../store/records";

const PART: i32 = 8;
/** One for all: nothing is collected inside a command. */
const entry = new Uint8Array(LOG_ENTRY_OCTETS);

/** Index of the next entry. */
export function nextEntry(): u32 {
	let next: u32 = 0;
	for (let n: u32 = 0; n < LOG_ENTRIES; n++) {
		if (readInto(RECORD_LOG + n, entry) == LOG_ENTRY_OCTETS) next = max(next, readU32(entry, 0) + 1);
	}
	return next;
}

/** Puts an entry into the running transaction: what is done and what is told of it count together. */
export function note(event: u32, rootHash: Uint8Array, mcimId: Uint8Array): void {
	const octets = new Uint8Array(LOG_ENTRY_OCTETS);
	const index = nextEntry();
	const boots = get(RECORD_BOOTS);
	writeU32(octets, 0, index);
	if (boots.length == 4) octets.set(boots, 4);
	writeU32(octets, 8, event);
	octets.set(rootHash.subarray(0, min(rootHash.length, PART)), 12);
	octets.set(mcimId.subarray(0, min(mcimId.length, PART)), 20);
	put(RECORD_LOG + (index % LOG_ENTRIES), octets);
}

/** Entries from an index on, oldest first. */
export function entries(from: u32): Uint8Array {
	const next = nextEntry();
	const kept = next > LOG_ENTRIES ? next - LOG_ENTRIES : 0;
	const first = max(from, kept);
	if (first >= next) return new Uint8Array(0);
	const result = new Uint8Array(<i32>(next - first) * LOG_ENTRY_OCTETS);
	for (let index = first; index < next; index++) {
		result.set(get(RECORD_LOG + (index % LOG_ENTRIES)), <i32>(index - first) * LOG_ENTRY_OCTETS);
	}
	return result;
}
