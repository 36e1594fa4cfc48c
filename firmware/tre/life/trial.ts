import { STATE_TRIAL } from "../../contract/as/codec";
import * as board from "../platform/board";
import { commit } from "../store/log";
import { State } from "../store/state";
import { revertChange } from "./endings";

/** What has passed of a trial is stored at least this often, in seconds (DESIGN section 7). */
const STEP: u32 = 60;

let since: u32 = 0;

/** A boot during a trial counts against it. 0, or the error: a boot that cannot be counted is none. */
export function countTrialBoot(): u32 {
	since = board.seconds();
	const state = State.load();
	if (state.life != STATE_TRIAL) return 0;
	if (state.trialBootsLeft <= 1) return revertChange(state);
	state.trialBootsLeft--;
	state.save();
	return commit();
}

/** Are the seconds of the trial over, whatever the flash made of it? */
export function isTrialOver(state: State): bool {
	return state.life == STATE_TRIAL && board.seconds() - since >= state.trialSecondsLeft;
}

/** Lets the running seconds of a trial pass; reverts when none is left (NOTE Y). What was not stored passes again. */
export function passTime(): void {
	const state = State.load();
	const now = board.seconds();
	if (state.life != STATE_TRIAL) {
		since = now;
		return;
	}
	const passed = now - since;
	if (isTrialOver(state)) {
		if (revertChange(state) == 0) since = now;
	} else if (passed >= STEP) {
		state.trialSecondsLeft -= passed;
		state.save();
		if (commit() == 0) since = now;
	}
}
