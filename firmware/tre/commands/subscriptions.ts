import { CborReader, CborWriter } from "../../contract/as/cbor";
import {
	BindParametersRequest,
	ERROR_MALFORMED_REQUEST,
	ERROR_NO_MCIM,
	MCIM_SLOTS,
	McimRequest,
	ROLE_ACTIVE,
	ROLE_EMPTY,
	ROLE_KEPT,
	ROLE_PENDING,
	writeBindParametersResponse,
	writeMcimResponse,
	writeStoreResponse,
	writeWearResponse,
} from "../../contract/as/codec";
import { fingerprints, StoredMcim } from "../mcim/mcim";
import { equal } from "../octets/octets";
import { capacity, count, epochs, get, has, inUse, put } from "../store/log";
import { RECORD_MCIM, RECORD_MCIM_PARAMETERS } from "../store/records";
import { NO_SLOT, State } from "../store/state";
import { commitForHost, hostWritesLeft, hostWritesRefused } from "../store/wear";

const MAX_REFERENCE: i32 = 32;

function roleOf(slot: u32, state: State): u32 {
	if (slot == state.activeSlot) return ROLE_ACTIVE;
	return slot == state.pendingSlot ? ROLE_PENDING : ROLE_KEPT;
}

export function mcim(reader: CborReader, writer: CborWriter): u32 {
	const request = new McimRequest();
	if (!request.read(reader) || request.slot >= MCIM_SLOTS) return ERROR_MALFORMED_REQUEST;
	const stored = StoredMcim.load(request.slot);
	if (stored == null) {
		const none = new Uint8Array(0);
		writeMcimResponse(writer, ROLE_EMPTY, none, none, none, 0, none);
		return 0;
	}
	writeMcimResponse(
		writer,
		roleOf(request.slot, State.load()),
		stored.imsi,
		stored.mcimId,
		stored.issuer,
		stored.version,
		get(RECORD_MCIM_PARAMETERS + request.slot),
	);
	return 0;
}

/** An MCIM and its network parameters revert together (NOTE Y): the TRE keeps what ties them. */
export function bindParameters(reader: CborReader, writer: CborWriter): u32 {
	const request = new BindParametersRequest();
	if (!request.read(reader) || request.reference.length == 0 || request.reference.length > MAX_REFERENCE)
		return ERROR_MALFORMED_REQUEST;
	const state = State.load();
	// By role: an issuer may give its MCIM an id that stands in the store already.
	const slot =
		request.role == ROLE_ACTIVE ? state.activeSlot : request.role == ROLE_PENDING ? state.pendingSlot : NO_SLOT;
	if (slot >= MCIM_SLOTS) return ERROR_NO_MCIM;
	// Asked for again it costs no flash.
	if (!equal(get(RECORD_MCIM_PARAMETERS + slot), request.reference))
		put(RECORD_MCIM_PARAMETERS + slot, request.reference);
	const unstored = commitForHost();
	if (unstored != 0) return unstored;
	writeBindParametersResponse(writer);
	return 0;
}

/** What fills the store, and how often its sectors were erased. */
export function store(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	let mcims: u32 = 0;
	for (let slot: u32 = 0; slot < MCIM_SLOTS; slot++) if (has(RECORD_MCIM + slot)) mcims++;
	writeStoreResponse(writer, capacity(), inUse(), count(), mcims, fingerprints(), epochs());
	return 0;
}

/** How much wear the host's word alone may still cause. */
export function wear(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	writeWearResponse(writer, hostWritesLeft(), hostWritesRefused());
	return 0;
}
