import { forgetKey } from "../aka/authenticate";
import { commit, has, isClean, put, wipeAllBut } from "../store/log";
import { RECORD_BOOTS, RECORD_WIPING } from "../store/records";

/**
 * G8: false where nothing has happened. From the first record on there is no way back: what fails then stops
 * the firmware, and the boot that follows ends the wipe or refuses everything.
 */
export function wipeDevice(): bool {
	put(RECORD_WIPING, new Uint8Array(1));
	if (!commit()) return false;
	forgetKey();
	if (!wipeAllBut(RECORD_BOOTS) || !isClean()) unreachable();
	return true;
}

/** At boot: ends a wipe that has begun. */
export function endWipe(): bool {
	return !has(RECORD_WIPING) || (wipeAllBut(RECORD_BOOTS) && isClean());
}
