import { CborReader } from "../../contract/as/cbor";
import {
	ERROR_ALGORITHM_UNSUPPORTED,
	ERROR_CRYPTO_FAILURE,
	ERROR_ENVELOPE_CONTENT,
	ERROR_FALLBACK_BOUNDS,
	ERROR_KEY_REUSED,
	ERROR_STORE_FULL,
	ERROR_VERSION_NOT_HIGHER,
	MAX_FINGERPRINTS,
	MCIM_SLOTS,
} from "../../contract/as/codec";
import { copy, equal, equalAscii, readU32, writeU32 } from "../octets/octets";
import { fingerprint, KEY_AKA } from "../platform/keys";
import { Fallback } from "../store/change";
import { get, has, put, readInto, remove } from "../store/log";
import { RECORD_FINGERPRINT, RECORD_MCIM, RECORD_MCIM_KEY, RECORD_MCIM_PARAMETERS, RECORD_SEQ } from "../store/records";
import { Envelope, TAG_MCIM } from "./envelope";

const K_LENGTH: u32 = 16;
const OPC_LENGTH: u32 = 16;
/** Octets of a stored MCIM before its IMSI. */
const FIXED: i32 = 56;
/** One fingerprint at a time: 512 of them would not fit the page together. */
const known = new Uint8Array(16);

/** The public part of a protected MCIM (documents.md, tag 3), and its key sealed. */
export class Mcim {
	error: u32 = 0;
	version: u32 = 0;
	treId: Uint8Array = new Uint8Array(0);
	issuer: Uint8Array = new Uint8Array(0);
	mcimId: Uint8Array = new Uint8Array(0);
	imsi: Uint8Array = new Uint8Array(0);
	fallback: Fallback = new Fallback(false, 0, 0);
	initialSeq: u32 = 0;
	private sealed: Uint8Array = new Uint8Array(0);

	constructor(sealedKey: Uint8Array, object: Uint8Array) {
		const envelope = new Envelope(sealedKey, object);
		this.error = envelope.error;
		if (this.error == 0) this.read(envelope);
		envelope.close();
	}

	/**
	 * Puts the MCIM with a fresh SQN array and the fingerprint of its K into the running
	 * transaction. Answers its slot; on an error nothing is put.
	 */
	install(): u32 {
		const mark = fingerprint(this.sealed);
		const count = fingerprints();
		const slot = freeSlot();
		this.error = this.refusal(mark, count, slot);
		if (this.error != 0) return slot;
		const octets = new Uint8Array(FIXED + this.imsi.length);
		octets.set(this.mcimId, 0);
		octets.set(this.issuer, 16);
		writeU32(octets, 48, this.version);
		writeU32(octets, 52, this.initialSeq);
		octets.set(this.imsi, FIXED);
		put(RECORD_MCIM + slot, octets);
		put(RECORD_MCIM_KEY + slot, this.sealed);
		put(RECORD_FINGERPRINT + count, mark);
		return slot;
	}

	private refusal(mark: Uint8Array, count: u32, slot: u32): u32 {
		if (mark.length == 0 || this.sealed.length == 0) return ERROR_CRYPTO_FAILURE;
		for (let i: u32 = 0; i < count; i++) {
			if (readInto(RECORD_FINGERPRINT + i, known) == known.length && equal(known, mark)) return ERROR_KEY_REUSED;
		}
		for (let i: u32 = 0; i < MCIM_SLOTS; i++) {
			const stored = StoredMcim.load(i);
			if (stored == null || !equal(stored.mcimId, this.mcimId) || !equal(stored.issuer, this.issuer)) continue;
			if (stored.version >= this.version) return ERROR_VERSION_NOT_HIGHER;
		}
		return count >= MAX_FINGERPRINTS || slot >= MCIM_SLOTS ? ERROR_STORE_FULL : 0;
	}

	private read(envelope: Envelope): void {
		const reader = new CborReader(envelope.publicPart);
		if (reader.array() != 10) this.error = ERROR_ENVELOPE_CONTENT;
		this.treId = reader.text();
		this.issuer = reader.bytes();
		this.mcimId = reader.bytes();
		this.imsi = copy(reader.text());
		const algorithm = reader.text();
		const constants = reader.array();
		// What follows depends on the algorithm; only its own name says so.
		if (!reader.failed() && (!equalAscii(algorithm, "milenage") || constants != 0)) {
			if (this.error == 0) this.error = ERROR_ALGORITHM_UNSUPPORTED;
			return;
		}
		if (reader.array() != 3) this.error = ERROR_ENVELOPE_CONTENT;
		const on = reader.uint();
		const seconds = reader.uint();
		const boots = reader.uint();
		this.fallback = new Fallback(on == 1, seconds, boots);
		this.initialSeq = reader.uint();
		const kLength = reader.uint();
		const opcLength = reader.uint();
		this.version = envelope.version;
		const shaped =
			reader.finished() &&
			envelope.tag == TAG_MCIM &&
			envelope.version > 0 &&
			this.issuer.length == 32 &&
			this.mcimId.length == 16 &&
			isImsi(this.imsi) &&
			on <= 1 &&
			kLength == K_LENGTH &&
			opcLength == OPC_LENGTH &&
			envelope.secretLength == K_LENGTH + OPC_LENGTH;
		if (!shaped) this.error = ERROR_ENVELOPE_CONTENT;
		else if (!this.fallback.isBounded()) this.error = ERROR_FALLBACK_BOUNDS;
		if (this.error == 0) this.sealed = envelope.seal(KEY_AKA, 0, K_LENGTH + OPC_LENGTH);
	}
}

/** 6 to 15 decimal digits (TS 23.003 clause 2.2). */
function isImsi(text: Uint8Array): bool {
	if (text.length < 6 || text.length > 15) return false;
	for (let i = 0; i < text.length; i++) {
		if (text[i] < 0x30 || text[i] > 0x39) return false;
	}
	return true;
}

export function fingerprints(): u32 {
	let count: u32 = 0;
	while (count < MAX_FINGERPRINTS && has(RECORD_FINGERPRINT + count)) count++;
	return count;
}

/** Octets that an MCIM takes up in the store, with the fingerprint of its K and what is told of it. */
export const ROOM_FOR_MCIM: u32 = 768;

/** The first empty slot, or MCIM_SLOTS. */
export function freeSlot(): u32 {
	let slot: u32 = 0;
	while (slot < MCIM_SLOTS && has(RECORD_MCIM + slot)) slot++;
	return slot;
}

/** An installed subscription; its key stays sealed under RECORD_MCIM_KEY. */
export class StoredMcim {
	constructor(
		public mcimId: Uint8Array,
		public issuer: Uint8Array,
		public version: u32,
		public initialSeq: u32,
		public imsi: Uint8Array,
	) {}

	static load(slot: u32): StoredMcim | null {
		if (slot >= MCIM_SLOTS) return null;
		const octets = get(RECORD_MCIM + slot);
		if (octets.length < FIXED) return null;
		return new StoredMcim(
			octets.slice(0, 16),
			octets.slice(16, 48),
			readU32(octets, 48),
			readU32(octets, 52),
			octets.slice(FIXED),
		);
	}
}

/** Takes an MCIM with its key and SQN array out of the store. */
export function removeMcim(slot: u32): void {
	if (slot >= MCIM_SLOTS) return;
	remove(RECORD_MCIM + slot);
	remove(RECORD_MCIM_KEY + slot);
	remove(RECORD_MCIM_PARAMETERS + slot);
	for (let i: u32 = 0; i < 32; i++) remove(RECORD_SEQ + 32 * slot + i);
}
