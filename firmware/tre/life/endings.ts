import { LOG_COMMITTED, LOG_REVERTED, LOG_WITHDRAWN } from "../../contract/as/codec";
import { forgetKey } from "../aka/authenticate";
import { dropPendingAccount, promoteAccount } from "../mcim/account";
import { removeMcim } from "../mcim/mcim";
import { equal } from "../octets/octets";
import { sha256 } from "../platform/keys";
import { Change } from "../store/change";
import { commit, get, has, put, remove } from "../store/log";
import {
	RECORD_CHANGE,
	RECORD_OFFER,
	RECORD_ROOT_CURRENT,
	RECORD_ROOT_FORMER,
	RECORD_ROOT_PENDING,
	RECORD_SEQ,
	RECORD_SPENT_NONCES,
} from "../store/records";
import { NO_SLOT, OUTCOME_COMMITTED, OUTCOME_REVERTED, OUTCOME_WITHDRAWN, State } from "../store/state";
import { note } from "./audit";
import { EVENT_COMMITTED, EVENT_REVERTED, EVENT_WITHDRAWN, next } from "./machine";

const NO_MCIM = new Uint8Array(0);
const NONCE: i32 = 16;
const SPENT_KEPT: i32 = 16;

/** Did an earlier change end with this nonceA? */
export function isSpent(nonceA: Uint8Array): bool {
	const spent = get(RECORD_SPENT_NONCES);
	for (let at = 0; at + NONCE <= spent.length; at += NONCE) {
		if (equal(spent.subarray(at, at + NONCE), nonceA)) return true;
	}
	return false;
}

/** The last 16 are kept; an early refusal, safety comes from AccountHash. */
function spend(nonceA: Uint8Array): void {
	const old = get(RECORD_SPENT_NONCES);
	const kept = old.subarray(0, min(old.length, (SPENT_KEPT - 1) * NONCE));
	const spent = new Uint8Array(NONCE + kept.length);
	spent.set(nonceA, 0);
	spent.set(kept, NONCE);
	put(RECORD_SPENT_NONCES, spent);
}

function closeChange(): void {
	const change = Change.load();
	if (change != null) spend(change.nonceA);
	remove(RECORD_CHANGE);
}

/** Octets of an account, a state and a few small records: what ends a change beside its root. */
const ENDING: u32 = 2048;
/** Octets of a stored SEQ_MS. */
const SEQ_RECORD: u32 = 20;
const SEQ_INDEXES: u32 = 32;

/**
 * Octets that a change with this root must leave free, so that its end never meets a full store: both MCIMs may
 * come to use every index of their SQN arrays until then.
 */
export function roomToEnd(root: Uint8Array, state: State): u32 {
	let unused = SEQ_INDEXES;
	for (let i: u32 = 0; i < SEQ_INDEXES; i++) if (!has(RECORD_SEQ + SEQ_INDEXES * state.activeSlot + i)) unused++;
	return ENDING + root.length + unused * SEQ_RECORD;
}

/** Pending root to current, old current to former (a record without rights), old MCIM out. */
export function commitChange(state: State): u32 {
	closeChange();
	note(LOG_COMMITTED, sha256(get(RECORD_ROOT_PENDING)), state.mcimId);
	put(RECORD_ROOT_FORMER, sha256(get(RECORD_ROOT_CURRENT)));
	put(RECORD_ROOT_CURRENT, get(RECORD_ROOT_PENDING));
	remove(RECORD_ROOT_PENDING);
	promoteAccount();
	removeMcim(state.activeSlot);
	// It was the former SHO's.
	remove(RECORD_OFFER);
	state.activeSlot = state.pendingSlot;
	state.pendingSlot = NO_SLOT;
	state.reign = sha256(state.nonceB);
	state.serial = 0;
	state.outcome = OUTCOME_COMMITTED;
	state.authenticated = false;
	state.life = next(state.life, EVENT_COMMITTED);
	state.save();
	const error = commit();
	forgetKey();
	return error;
}

/** NOTE Y: back to the old MCIM; root, account and nonces of the attempt are spent. */
export function revertChange(state: State): u32 {
	note(LOG_REVERTED, sha256(get(RECORD_ROOT_PENDING)), state.mcimId);
	state.outcome = OUTCOME_REVERTED;
	state.life = next(state.life, EVENT_REVERTED);
	return dropChange(state);
}

/** Puts the end of the change into the transaction of the withdrawing bootstrap. */
export function withdrawChange(state: State): u32 {
	note(LOG_WITHDRAWN, sha256(get(RECORD_ROOT_PENDING)), state.provisioned ? state.mcimId : NO_MCIM);
	state.outcome = OUTCOME_WITHDRAWN;
	state.life = next(state.life, EVENT_WITHDRAWN);
	return dropChange(state);
}

function dropChange(state: State): u32 {
	closeChange();
	remove(RECORD_ROOT_PENDING);
	dropPendingAccount();
	removeMcim(state.pendingSlot);
	state.pendingSlot = NO_SLOT;
	state.authenticated = false;
	state.save();
	const error = commit();
	forgetKey();
	return error;
}
