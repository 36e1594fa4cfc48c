import { CborReader, CborWriter } from "../../contract/as/cbor";
import {
	AcceptMcimRequest,
	ERROR_CRYPTO_FAILURE,
	ERROR_DOCUMENT_MALFORMED,
	ERROR_MALFORMED_REQUEST,
	ERROR_NONCE_MISMATCH,
	ERROR_NOT_AUTHENTICATED,
	ERROR_TRIAL_OVER,
	ERROR_WRONG_STATE,
	LOG_MCIM_INSTALLED,
	LOG_TRIAL_BEGUN,
	ReceiptRequest,
	writeAcceptMcimResponse,
	writeActivateResponse,
	writeConfirmConnectivityResponse,
	writeProvisioningRequestResponse,
	writeReceiptResponse,
	writeReleaseRootResponse,
} from "../../contract/as/codec";
import { forgetKey } from "../aka/authenticate";
import { note } from "../life/audit";
import { commitChange, roomToEnd } from "../life/endings";
import { EVENT_MCIM_ACCEPTED, EVENT_REQUESTED, EVENT_TRIAL_BEGUN, next } from "../life/machine";
import { beginTrial, isTrialOver } from "../life/trial";
import { foreignError } from "../mcim/envelope";
import { Mcim, StoredMcim } from "../mcim/mcim";
import { equal } from "../octets/octets";
import { Change } from "../store/change";
import { commit, get, has } from "../store/log";
import { RECORD_DECRYPT_KEY, RECORD_ROOT_CURRENT, RECORD_ROOT_PENDING } from "../store/records";
import { State } from "../store/state";
import { M2mmcim, writeM2mm, writeReceipt } from "../trust/management-objects";
import { checkSignature } from "../trust/signed";
import { FORM_ENVELOPED } from "../xml/signed-info";

const MAX_CHALLENGE: i32 = 64;

/** B.2.3.4 II, step 5: nonceB was drawn with the bootstrap, so the content never changes. */
export function provisioningRequest(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	const change = Change.load();
	if (change == null) return ERROR_WRONG_STATE;
	const document = writeM2mm(change);
	if (document.length == 0) return ERROR_CRYPTO_FAILURE;
	const state = State.load();
	const life = next(state.life, EVENT_REQUESTED);
	if (life != state.life) {
		state.life = life;
		state.save();
		const unstored = commit();
		if (unstored != 0) return unstored;
	}
	writeProvisioningRequestResponse(writer, document);
	return 0;
}

/** B.2.3.4 VI and VII, step 8 (G3). */
export function acceptMcim(reader: CborReader, writer: CborWriter): u32 {
	const request = new AcceptMcimRequest();
	if (!request.read(reader)) return ERROR_MALFORMED_REQUEST;
	const change = Change.load();
	if (change == null) return ERROR_WRONG_STATE;
	const signer = get(RECORD_ROOT_PENDING);
	const unsigned = checkSignature(signer, FORM_ENVELOPED, request.algorithm, request.document, request.signature);
	if (unsigned != 0) return unsigned;
	const document = new M2mmcim(request.document);
	if (!document.valid) return ERROR_DOCUMENT_MALFORMED;
	if (!equal(document.nonceB, change.nonceB)) return ERROR_NONCE_MISMATCH;
	const mcim = new Mcim(get(RECORD_DECRYPT_KEY), document.object);
	if (mcim.error != 0) return mcim.error;
	const foreign = foreignError(mcim.treId, mcim.issuer, change.rootHash);
	if (foreign != 0) return foreign;
	const slot = mcim.install();
	if (mcim.error != 0) return mcim.error;

	const state = State.load();
	state.life = next(state.life, EVENT_MCIM_ACCEPTED);
	state.pendingSlot = slot;
	state.provisioned = true;
	state.mcimId = mcim.mcimId;
	state.save();
	change.fallback = change.fallback.together(mcim.fallback);
	change.save();
	note(LOG_MCIM_INSTALLED, change.rootHash, mcim.mcimId);
	const unstored = commit(roomToEnd(signer, state));
	if (unstored != 0) return unstored;
	forgetKey();
	writeAcceptMcimResponse(writer, mcim.imsi, mcim.mcimId);
	return 0;
}

/** B.2.3.5: a trial where fallback is on, else the change is committed at once. */
export function activate(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	const state = State.load();
	const change = Change.load();
	const mcim = StoredMcim.load(state.pendingSlot);
	if (change == null || mcim == null) return ERROR_WRONG_STATE;
	const committing = !change.fallback.on;
	if (committing) {
		const unstored = commitChange(state);
		if (unstored != 0) return unstored;
	} else {
		state.life = next(state.life, EVENT_TRIAL_BEGUN);
		state.authenticated = false;
		state.trialSecondsLeft = change.fallback.seconds;
		state.trialBootsLeft = change.fallback.boots;
		state.save();
		note(LOG_TRIAL_BEGUN, change.rootHash, mcim.mcimId);
		const unstored = commit();
		if (unstored != 0) return unstored;
		beginTrial();
		forgetKey();
	}
	writeActivateResponse(writer, mcim.imsi, committing);
	return 0;
}

/** A trial becomes permanent after AKA with the new MCIM and this word of the host. */
export function confirmConnectivity(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	const state = State.load();
	// Over is over: where the revert could not be stored yet, nothing else is.
	if (isTrialOver(state)) return ERROR_TRIAL_OVER;
	if (!state.authenticated) return ERROR_NOT_AUTHENTICATED;
	const unstored = commitChange(state);
	if (unstored != 0) return unstored;
	writeConfirmConnectivityResponse(writer);
	return 0;
}

export function receipt(reader: CborReader, writer: CborWriter): u32 {
	const request = new ReceiptRequest();
	if (!request.read(reader) || request.challenge.length > MAX_CHALLENGE) return ERROR_MALFORMED_REQUEST;
	const document = writeReceipt(State.load(), request.challenge);
	if (document.length == 0) return ERROR_CRYPTO_FAILURE;
	writeReceiptResponse(writer, document);
	return 0;
}

export function releaseRoot(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	writeReleaseRootResponse(writer, get(has(RECORD_ROOT_PENDING) ? RECORD_ROOT_PENDING : RECORD_ROOT_CURRENT));
	return 0;
}
