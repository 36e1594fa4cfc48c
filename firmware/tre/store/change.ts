import { MAX_TRIAL_BOOTS, MAX_TRIAL_SECONDS } from "../../contract/as/codec";
import { readU32, writeU32 } from "../octets/octets";
import { get, put } from "./log";
import { RECORD_CHANGE } from "./records";

const SIZE: i32 = 108;

/** NOTE Y: what happens when the new MCIM finds no network. */
export class Fallback {
	constructor(
		public on: bool,
		public seconds: u32,
		public boots: u32,
	) {}

	/** Nobody may hold a device on trial for ever. */
	isBounded(): bool {
		return this.seconds <= MAX_TRIAL_SECONDS && this.boots <= MAX_TRIAL_BOOTS;
	}

	/** On only if both say so; the larger of the two times and counts. */
	together(other: Fallback): Fallback {
		return new Fallback(this.on && other.on, max(this.seconds, other.seconds), max(this.boots, other.boots));
	}
}

/** A change of operator between its bootstrap and its end. */
export class Change {
	constructor(
		public nonceA: Uint8Array,
		public nonceB: Uint8Array,
		public rootHash: Uint8Array,
		public accountHash: Uint8Array,
		public fallback: Fallback,
	) {}

	/** Null where no change is open. */
	static load(): Change | null {
		const octets = get(RECORD_CHANGE);
		if (octets.length < SIZE) return null;
		const fallback = new Fallback(octets[96] != 0, readU32(octets, 100), readU32(octets, 104));
		return new Change(octets.slice(0, 16), octets.slice(16, 32), octets.slice(32, 64), octets.slice(64, 96), fallback);
	}

	save(): void {
		const octets = new Uint8Array(SIZE);
		octets.set(this.nonceA, 0);
		octets.set(this.nonceB, 16);
		octets.set(this.rootHash, 32);
		octets.set(this.accountHash, 64);
		octets[96] = this.fallback.on ? 1 : 0;
		writeU32(octets, 100, this.fallback.seconds);
		writeU32(octets, 104, this.fallback.boots);
		put(RECORD_CHANGE, octets);
	}
}
