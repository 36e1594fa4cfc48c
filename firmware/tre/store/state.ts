import { STATE_BLANK } from "../../contract/as/codec";
import { readU32, writeU32 } from "../octets/octets";
import { get, has, put } from "./log";
import { RECORD_STATE } from "./records";

export const NO_SLOT: u32 = 0xff;

/** How the latest change ended, as the receipt tells it. */
export const OUTCOME_NONE: u32 = 0;
export const OUTCOME_COMMITTED: u32 = 1;
export const OUTCOME_REVERTED: u32 = 2;
export const OUTCOME_WITHDRAWN: u32 = 3;

const SIZE: i32 = 104;

/** What the TRE knows of where it stands; one record, replaced as a whole. */
export class State {
	life: u32 = STATE_BLANK;
	outcome: u32 = OUTCOME_NONE;
	activeSlot: u32 = NO_SLOT;
	pendingSlot: u32 = NO_SLOT;
	/** AKA has succeeded with the MCIM on trial. */
	authenticated: bool = false;
	/** Nonces and ids below stand only where a change was ever accepted. */
	changed: bool = false;
	/** An MCIM was installed in the latest change: mcimId stands. */
	provisioned: bool = false;
	serial: u32 = 0;
	trialSecondsLeft: u32 = 0;
	trialBootsLeft: u32 = 0;
	reign: Uint8Array = new Uint8Array(32);
	nonceB: Uint8Array = new Uint8Array(16);
	mcimId: Uint8Array = new Uint8Array(16);

	/** False where a state is stored that this firmware cannot read: it must not be taken for a blank device's. */
	static isReadable(): bool {
		return !has(RECORD_STATE) || get(RECORD_STATE).length >= SIZE;
	}

	/** The stored state, or that of a blank device. */
	static load(): State {
		const state = new State();
		const octets = get(RECORD_STATE);
		if (octets.length < SIZE) return state;
		state.life = octets[0];
		state.outcome = octets[1];
		state.activeSlot = octets[2];
		state.pendingSlot = octets[3];
		state.authenticated = octets[4] != 0;
		state.changed = octets[5] != 0;
		state.provisioned = octets[6] != 0;
		state.serial = readU32(octets, 8);
		state.trialSecondsLeft = readU32(octets, 12);
		state.trialBootsLeft = readU32(octets, 16);
		state.reign = octets.slice(40, 72);
		state.nonceB = octets.slice(72, 88);
		state.mcimId = octets.slice(88, 104);
		return state;
	}

	/** Puts the state into the running transaction. */
	save(): void {
		const octets = new Uint8Array(SIZE);
		octets[0] = <u8>this.life;
		octets[1] = <u8>this.outcome;
		octets[2] = <u8>this.activeSlot;
		octets[3] = <u8>this.pendingSlot;
		octets[4] = this.authenticated ? 1 : 0;
		octets[5] = this.changed ? 1 : 0;
		octets[6] = this.provisioned ? 1 : 0;
		writeU32(octets, 8, this.serial);
		writeU32(octets, 12, this.trialSecondsLeft);
		writeU32(octets, 16, this.trialBootsLeft);
		octets.set(this.reign, 40);
		octets.set(this.nonceB, 72);
		octets.set(this.mcimId, 88);
		put(RECORD_STATE, octets);
	}
}
