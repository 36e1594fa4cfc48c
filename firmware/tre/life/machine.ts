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

function within(state: u32, first: u32, last: u32): bool {
  return state >= first && state <= last;
}

/** The state after `event` in `state`, or NO_STATE. Pure. */
export function next(state: u32, event: u32): u32 {
  switch (event) {
    case EVENT_KEYS_MADE:
      return state == STATE_BLANK ? STATE_KEYED : NO_STATE;
    case EVENT_LOCKED:
      return within(state, STATE_KEYED, STATE_PERSONALISED) ? STATE_PERSONALISED : NO_STATE;
    case EVENT_AUTHENTICATED:
      if (state == STATE_PERSONALISED) return STATE_IDLE;
      return within(state, STATE_IDLE, STATE_TRIAL) ? state : NO_STATE;
    case EVENT_CHANGE_ACCEPTED:
      return within(state, STATE_IDLE, STATE_REQUESTED) ? STATE_BOOTSTRAPPED : NO_STATE;
    case EVENT_REQUESTED:
      return within(state, STATE_BOOTSTRAPPED, STATE_REQUESTED) ? STATE_REQUESTED : NO_STATE;
    case EVENT_MCIM_ACCEPTED:
      return state == STATE_REQUESTED ? STATE_INSTALLED : NO_STATE;
    case EVENT_TRIAL_BEGUN:
      return state == STATE_INSTALLED ? STATE_TRIAL : NO_STATE;
    case EVENT_COMMITTED:
      return within(state, STATE_INSTALLED, STATE_TRIAL) ? STATE_IDLE : NO_STATE;
    case EVENT_REVERTED:
      return state == STATE_TRIAL ? STATE_IDLE : NO_STATE;
    case EVENT_WITHDRAWN:
      return within(state, STATE_BOOTSTRAPPED, STATE_INSTALLED) ? STATE_IDLE : NO_STATE;
    default:
      return NO_STATE;
  }
}
