import { ERROR_WEAR_LIMITED, HOST_WRITE_SECONDS, HOST_WRITES, SLOT_ERASE_WRITES } from "../../contract/as/codec";
import { readU32, writeU32 } from "../octets/octets";
import * as board from "../platform/board";
import { commit, get, isStaged, put } from "./log";
import { RECORD_WEAR } from "./records";

/*
 * A host that asks for writes as fast as the line carries them would wear out a flash of 10,000 cycles in a day. What no
 * operator has signed and no network has authenticated is limited: HOST_WRITES at once, and one more in each
 * HOST_WRITE_SECONDS of running time. What is left is written together with what it is spent on, so that no reset
 * gives anything back; a boot, which is a write of its own, brings one more.
 */
let left: u32 = HOST_WRITES;
let refused: u32 = 0;
/** Second in which the last write was added. */
let since: u32 = 0;

/** Once after power-up, when the store can be read. */
export function countHostWrites(): void {
	const octets = get(RECORD_WEAR);
	if (octets.length == 4) left = min(readU32(octets, 0) + 1, HOST_WRITES);
	since = board.seconds();
}

/** Writes that the host may cause now. */
export function hostWritesLeft(): u32 {
	const more = (board.seconds() - since) / HOST_WRITE_SECONDS;
	since += more * HOST_WRITE_SECONDS;
	left = min(left + more, HOST_WRITES);
	return left;
}

export function hostWritesRefused(): u32 {
	return refused;
}

/** Commits what the host asked for by its word alone. 0, or the error that says why nothing has changed. */
export function commitForHost(): u32 {
	return isStaged() ? spend(1) : 0;
}

/** The host has a slot for firmware erased, which wears it more than a record does the store. 0, or the error. */
export function countSlotErase(): u32 {
	return spend(SLOT_ERASE_WRITES);
}

function spend(writes: u32): u32 {
	if (hostWritesLeft() < writes) {
		refused++;
		return ERROR_WEAR_LIMITED;
	}
	// What fails may have worn the flash all the same.
	left -= writes;
	const octets = new Uint8Array(4);
	writeU32(octets, 0, left);
	put(RECORD_WEAR, octets);
	return commit();
}
