import {
	STATE_BLANK,
	STATE_BOOTSTRAPPED,
	STATE_IDLE,
	STATE_INSTALLED,
	STATE_KEYED,
	STATE_PERSONALISED,
	STATE_REQUESTED,
	STATE_TRIAL,
} from "../../contract/as/codec";

/** What moves a device from one life state to the next (DESIGN section 7). */
export const EVENT_KEYS_MADE: u32 = 0;
export const EVENT_LOCKED: u32 = 1;
export const EVENT_AUTHENTICATED: u32 = 2;
export const EVENT_CHANGE_ACCEPTED: u32 = 3;
export const EVENT_REQUESTED: u32 = 4;
export const EVENT_MCIM_ACCEPTED: u32 = 5;
export const EVENT_TRIAL_BEGUN: u32 = 6;
export const EVENT_COMMITTED: u32 = 7;
export const EVENT_REVERTED: u32 = 8;
export const EVENT_WITHDRAWN: u32 = 9;

/** The event has no place in this state. */
export const NO_STATE: u32 = 0xff;

/** Per event the first and the last state in which it may happen, and the state after it. */
// biome-ignore format: a row an event
const rows: StaticArray<u32> = [
	STATE_BLANK, STATE_BLANK, STATE_KEYED,
	STATE_KEYED, STATE_PERSONALISED, STATE_PERSONALISED,
	STATE_PERSONALISED, STATE_TRIAL, STATE_IDLE,
	STATE_IDLE, STATE_REQUESTED, STATE_BOOTSTRAPPED,
	STATE_BOOTSTRAPPED, STATE_REQUESTED, STATE_REQUESTED,
	STATE_REQUESTED, STATE_REQUESTED, STATE_INSTALLED,
	STATE_INSTALLED, STATE_INSTALLED, STATE_TRIAL,
	STATE_INSTALLED, STATE_TRIAL, STATE_IDLE,
	STATE_TRIAL, STATE_TRIAL, STATE_IDLE,
	STATE_BOOTSTRAPPED, STATE_INSTALLED, STATE_IDLE,
];

/** The state after `event` in `state`, or NO_STATE. Pure. */
export function next(state: u32, event: u32): u32 {
	const row = <i32>event * 3;
	if (row + 2 >= rows.length || state < rows[row] || state > rows[row + 1]) return NO_STATE;
	// AKA ends personalisation; later it changes nothing.
	if (event == EVENT_AUTHENTICATED && state != STATE_PERSONALISED) return state;
	return rows[row + 2];
}
