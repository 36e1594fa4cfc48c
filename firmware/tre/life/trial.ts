import { STATE_TRIAL } from "../../contract/as/codec";
import * as board from "../platform/board";
import { commit } from "../store/log";
import { State } from "../store/state";
import { revertChange } from "./endings";

/** What has passed of a trial is stored at least this often, in seconds (DESIGN section 7). */
const STEP: u32 = 60;

/** Second up to which the time of the trial has been counted. */
let since: u32 = 0;
/** The boot found its store: time may pass. */
let serving: bool = false;

/** A boot during a trial counts against it. 0, or the error: a boot that cannot be counted is none. */
export function countTrialBoot(): u32 {
	since = board.seconds();
	const state = State.load();
	let error: u32 = 0;
	if (state.life == STATE_TRIAL && state.trialBootsLeft <= 1) error = revertChange(state);
	else if (state.life == STATE_TRIAL) {
		state.trialBootsLeft--;
		state.save();
		error = commit();
	}
	serving = error == 0;
	return error;
}

/** What ran before a trial does not count as its time. */
export function beginTrial(): void {
	since = board.seconds();
}

/** Are the seconds of the trial over, whatever the flash made of it? */
export function isTrialOver(state: State): bool {
	return state.life == STATE_TRIAL && board.seconds() - since >= state.trialSecondsLeft;
}

/** Lets the running seconds of a trial pass; reverts when none is left (NOTE Y). What was not stored passes again. */
export function passTime(): void {
	const now = board.seconds();
	if (!serving || now == since) return;
	const state = State.load();
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
