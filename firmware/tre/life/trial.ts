import { STATE_TRIAL } from "../../contract/as/codec";
import * as board from "../platform/board";
import { commit } from "../store/log";
import { State } from "../store/state";
import { revertChange } from "./endings";

/** What has passed of a trial is stored at least this often, in seconds (DESIGN section 7). */
const STEP: u32 = 60;

let since: u32 = 0;

/** A boot during a trial counts against it. */
export function countTrialBoot(): void {
	since = board.seconds();
	const state = State.load();
	if (state.life != STATE_TRIAL) return;
	if (state.trialBootsLeft <= 1) {
		revertChange(state);
		return;
	}
	state.trialBootsLeft--;
	state.save();
	commit();
}

/** Lets the running seconds of a trial pass; reverts when none is left (NOTE Y). */
export function passTime(): void {
	const state = State.load();
	const now = board.seconds();
	if (state.life != STATE_TRIAL) {
		since = now;
		return;
	}
	const passed = now - since;
	if (passed >= state.trialSecondsLeft) {
		revertChange(state);
		since = now;
	} else if (passed >= STEP) {
		state.trialSecondsLeft -= passed;
		state.save();
		commit();
		since = now;
	}
}
