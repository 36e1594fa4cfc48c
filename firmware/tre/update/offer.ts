import { CborReader } from "../../contract/as/cbor";
import { ERROR_ENVELOPE_CONTENT, STATE_PERSONALISED } from "../../contract/as/codec";
import { Envelope, foreignError, TAG_UPDATE } from "../mcim/envelope";
import { equal, equalAscii, readU32, writeU32 } from "../octets/octets";
import { sha256 } from "../platform/keys";
import { get, has, put, remove } from "../store/log";
import { RECORD_OFFER, RECORD_OFFERS_REQUIRED, RECORD_ROOT_CURRENT } from "../store/records";
import { State } from "../store/state";

/** Nothing else is updated this way. */
export const FIRMWARE = "firmware";
/** The SHO takes back what it has offered. */
const NONE = "none";
const DIGEST: i32 = 32;
const STORED: i32 = 4 + 2 * DIGEST;

/** The public part of a protected update (documents.md, tag 2). It has no secret part. */
export class Offer {
	error: u32 = 0;
	/** As in an image header. */
	version: u32 = 0;
	digest: Uint8Array = new Uint8Array(0);
	private treId: Uint8Array = new Uint8Array(0);
	/** Nothing is offered any more. */
	private isNone: bool = false;
	private rootHash: Uint8Array = new Uint8Array(0);

	constructor(sealedKey: Uint8Array, object: Uint8Array) {
		const envelope = new Envelope(sealedKey, object);
		this.error = envelope.error;
		if (this.error == 0) this.read(envelope);
		envelope.close();
	}

	/** 0 where it is for this TRE, from the SHO with that root; else the error. */
	refusal(rootHash: Uint8Array): u32 {
		return this.error != 0 ? this.error : foreignError(this.treId, this.rootHash, rootHash);
	}

	/** Puts it into the running transaction, in the place of an earlier one. */
	save(): void {
		if (this.isNone) {
			endOffer();
			return;
		}
		const octets = new Uint8Array(STORED);
		writeU32(octets, 0, this.version);
		octets.set(this.digest, 4);
		octets.set(this.rootHash, 4 + DIGEST);
		put(RECORD_OFFER, octets);
	}

	private read(envelope: Envelope): void {
		const reader = new CborReader(envelope.publicPart);
		const items = reader.array();
		this.treId = reader.text();
		this.rootHash = reader.bytes();
		const what = reader.text();
		this.digest = reader.bytes();
		this.version = envelope.version;
		this.isNone = equalAscii(what, NONE);
		const shaped =
			reader.finished() &&
			items == 4 &&
			envelope.tag == TAG_UPDATE &&
			envelope.version > 0 &&
			envelope.secretLength == 0 &&
			(this.isNone || equalAscii(what, FIRMWARE)) &&
			this.rootHash.length == DIGEST &&
			this.digest.length == DIGEST;
		if (!shaped) this.error = ERROR_ENVELOPE_CONTENT;
	}
}

/** The offer that stands: version and SHA-256 over the headers of all slots. */
export class StoredOffer {
	private constructor(
		public version: u32,
		public digest: Uint8Array,
	) {}

	static load(): StoredOffer | null {
		const octets = get(RECORD_OFFER);
		if (octets.length < STORED) return null;
		// A firmware that knows of no offers may have run while the SHO changed.
		if (!equal(octets.subarray(4 + DIGEST, STORED), sha256(get(RECORD_ROOT_CURRENT)))) return null;
		return new StoredOffer(readU32(octets, 0), octets.slice(4, 4 + DIGEST));
	}
}

/** Puts the end of the offer that stands into the running transaction. */
export function endOffer(): void {
	remove(RECORD_OFFER);
}

export function requireOffers(): void {
	put(RECORD_OFFERS_REQUIRED, new Uint8Array(1));
}

/** Does this device, away from its factory, take nothing that its SHO does not offer? */
export function areOffersRequired(): bool {
	return has(RECORD_OFFERS_REQUIRED) && State.load().life >= STATE_PERSONALISED;
}
