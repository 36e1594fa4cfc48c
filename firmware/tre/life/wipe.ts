import { ERROR_FLASH_FAILED } from "../../contract/as/codec";
import { forgetKey } from "../aka/authenticate";
import { commit, has, isClean, put, wipeAll } from "../store/log";
import { RECORD_STATE, RECORD_WIPING } from "../store/records";

/**
 * G8: an error where nothing has happened. From the first record on there is no way back: what fails then stops
 * the firmware, and the boot that follows ends the wipe or refuses everything.
 */
export function wipeDevice(): u32 {
	put(RECORD_WIPING, new Uint8Array(1));
	const error = commit();
	if (error != 0) return error;
	forgetKey();
	if (!wipeAll() || !isClean()) unreachable();
	return 0;
}

/** At boot: ends a wipe that has begun, and lets no blank device stand beside keys of an old life. 0, or the error. */
export function endWipe(): u32 {
	if (has(RECORD_WIPING) && !wipeAll()) return ERROR_FLASH_FAILED;
	return has(RECORD_STATE) || isClean() ? 0 : ERROR_FLASH_FAILED;
}
