import { forgetKey } from "../aka/authenticate";
import { commit, has, put, wipeAllBut } from "../store/log";
import { RECORD_BOOTS, RECORD_WIPING } from "../store/records";

/** G8: from the first record on there is no way back, and a boot ends what a power cut interrupts. */
export function wipeDevice(): bool {
	put(RECORD_WIPING, new Uint8Array(1));
	if (!commit()) return false;
	forgetKey();
	return wipeAllBut(RECORD_BOOTS);
}

/** At boot: ends a wipe that has begun. */
export function endWipe(): bool {
	return !has(RECORD_WIPING) || wipeAllBut(RECORD_BOOTS);
}
