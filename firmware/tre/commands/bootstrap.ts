import { CborReader, CborWriter } from "../../contract/as/cbor";
import {
	AcceptBootstrapRequest,
	ERROR_CRYPTO_FAILURE,
	ERROR_DOCUMENT_MALFORMED,
	ERROR_FALLBACK_BOUNDS,
	ERROR_MALFORMED_REQUEST,
	ERROR_NONCE_SPENT,
	ERROR_REPLAYED,
	ERROR_ROOT_CARRIER,
	ERROR_STORE_FULL,
	ERROR_THUMBPRINT_MISMATCH,
	ERROR_UPDATE_UNSUPPORTED,
	ERROR_WRONG_STATE,
	ERROR_WRONG_TRE,
	LOG_CHANGE_ACCEPTED,
	LOG_UPDATE_OFFERED,
	MAX_FINGERPRINTS,
	MCIM_SLOTS,
	STATE_IDLE,
	STATE_REQUESTED,
	writeAcceptBootstrapResponse,
} from "../../contract/as/codec";
import { note } from "../life/audit";
import { isSpent, roomToEnd, withdrawChange } from "../life/endings";
import { EVENT_CHANGE_ACCEPTED, EVENT_WITHDRAWN, NO_STATE, next } from "../life/machine";
import { Account } from "../mcim/account";
import { freeSlot, ROOM_FOR_MCIM } from "../mcim/mcim";
import { ascii, equal } from "../octets/octets";
import { randomOctets, rootError, sha1, sha256 } from "../platform/keys";
import { Change } from "../store/change";
import { commit, get, has, put } from "../store/log";
import {
	RECORD_ACCOUNT_CURRENT,
	RECORD_ACCOUNT_PENDING,
	RECORD_DECRYPT_KEY,
	RECORD_FINGERPRINT,
	RECORD_LAST_BOOTSTRAP,
	RECORD_ROOT_CURRENT,
	RECORD_ROOT_PENDING,
	RECORD_TRE_ID,
} from "../store/records";
import { OUTCOME_NONE, State } from "../store/state";
import {
	BootstrapDocument,
	KIND_APPLICATION,
	KIND_CHANGE,
	KIND_INITIAL,
	KIND_UPDATE,
	KIND_WITHDRAW,
} from "../trust/bootstrap-document";
import { checkSignature } from "../trust/signed";
import { Offer } from "../update/offer";
import { takesUpdates } from "../update/trial";
import { FORM_DETACHED } from "../xml/signed-info";

const NO_MCIM = new Uint8Array(0);

/**
 * B.2.3.3, step 4. Everything is checked before anything is stored, and what is stored is stored in
 * one transaction.
 */
export function acceptBootstrap(reader: CborReader, writer: CborWriter): u32 {
	const request = new AcceptBootstrapRequest();
	if (!request.read(reader)) return ERROR_MALFORMED_REQUEST;
	const signer = get(RECORD_ROOT_CURRENT);
	const unsigned = checkSignature(signer, FORM_DETACHED, request.algorithm, request.document, request.signature);
	if (unsigned != 0) return unsigned;
	const document = new BootstrapDocument(request.document);
	if (!document.valid) return document.rootElsewhere ? ERROR_ROOT_CARRIER : ERROR_DOCUMENT_MALFORMED;
	if (!equal(document.treId, get(RECORD_TRE_ID))) return ERROR_WRONG_TRE;

	const state = State.load();
	const hash = sha256(request.document);
	const repeated = isRepeat(state, document, hash);
	if (!repeated) {
		if (!equal(document.reign, state.reign) || document.serial <= state.serial) return ERROR_REPLAYED;
		state.serial = document.serial;
		put(RECORD_LAST_BOOTSTRAP, lastBootstrap(document.kind, hash));
		const error = take(document, state);
		if (error != 0) return error;
	}
	writeAcceptBootstrapResponse(writer, kindName(document.kind), document.serial, repeated);
	return 0;
}

/** kind(1) | SHA-256 of the signed octets: what a repeat has to equal. */
function lastBootstrap(kind: u32, hash: Uint8Array): Uint8Array {
	const octets = new Uint8Array(33);
	octets[0] = <u8>kind;
	octets.set(hash, 1);
	return octets;
}

/** The same octets as the highest accepted ones; a change must not have ended. */
function isRepeat(state: State, document: BootstrapDocument, hash: Uint8Array): bool {
	if (document.serial != state.serial || !equal(document.reign, state.reign)) return false;
	if (document.kind == KIND_CHANGE && state.outcome != OUTCOME_NONE) return false;
	return equal(get(RECORD_LAST_BOOTSTRAP), lastBootstrap(document.kind, hash));
}

function take(document: BootstrapDocument, state: State): u32 {
	switch (document.kind) {
		case KIND_CHANGE:
			return takeChange(document, state);
		case KIND_WITHDRAW:
			if (next(state.life, EVENT_WITHDRAWN) == NO_STATE) return ERROR_WRONG_STATE;
			return withdrawChange(state);
		case KIND_UPDATE:
			return takeOffer(document, state);
		case KIND_INITIAL:
			if (state.life < STATE_IDLE || state.life > STATE_REQUESTED) return ERROR_WRONG_STATE;
			break;
		default:
			break;
	}
	state.save();
	return commit();
}

/** Root hash, thumbprint, TRE_id and nonceA; then root, account and nonces together (G2). */
function takeChange(document: BootstrapDocument, state: State): u32 {
	const life = next(state.life, EVENT_CHANGE_ACCEPTED);
	if (life == NO_STATE) return ERROR_WRONG_STATE;
	// G7: no room for another MCIM and its K means no change, and it is said before one begins.
	if (has(RECORD_FINGERPRINT + MAX_FINGERPRINTS - 1) || freeSlot() >= MCIM_SLOTS) return ERROR_STORE_FULL;
	if (!equal(sha1(document.certificate), document.thumbprint)) return ERROR_THUMBPRINT_MISMATCH;
	const refused = rootError(document.certificate);
	if (refused != 0) return refused;
	if (!document.fallback.isBounded()) return ERROR_FALLBACK_BOUNDS;
	const rootHash = sha256(document.certificate);
	const account = new Account(get(RECORD_DECRYPT_KEY), document.account);
	const foreign = account.refusal(rootHash);
	if (foreign != 0) return foreign;
	if (isSpent(account.nonceA)) return ERROR_NONCE_SPENT;
	const nonceB = randomOctets(16);
	if (nonceB.length == 0) return ERROR_CRYPTO_FAILURE;
	new Change(account.nonceA, nonceB, rootHash, sha256(document.account), document.fallback).save();
	account.save(RECORD_ACCOUNT_PENDING);
	put(RECORD_ROOT_PENDING, document.certificate);
	note(LOG_CHANGE_ACCEPTED, rootHash, NO_MCIM);
	state.life = life;
	state.outcome = OUTCOME_NONE;
	state.changed = true;
	state.provisioned = false;
	state.nonceB = nonceB;
	state.save();
	return commit(roomToEnd(document.certificate, state) + ROOM_FOR_MCIM);
}

/** B.2.3.6: an update that the current SHO offers, and the DM account of the session that tells where it lies (G9). */
function takeOffer(document: BootstrapDocument, state: State): u32 {
	if (state.life != STATE_IDLE) return ERROR_WRONG_STATE;
	if (!takesUpdates()) return ERROR_UPDATE_UNSUPPORTED;
	const rootHash = sha256(get(RECORD_ROOT_CURRENT));
	const offer = new Offer(get(RECORD_DECRYPT_KEY), document.offer);
	let refused = offer.refusal(rootHash);
	if (refused != 0) return refused;
	const account = new Account(get(RECORD_DECRYPT_KEY), document.account);
	refused = account.refusal(rootHash);
	if (refused != 0) return refused;
	offer.save();
	account.save(RECORD_ACCOUNT_CURRENT);
	note(LOG_UPDATE_OFFERED, rootHash, offer.digest);
	state.save();
	return commit();
}

function kindName(kind: u32): Uint8Array {
	if (kind == KIND_INITIAL) return ascii("initial");
	if (kind == KIND_CHANGE) return ascii("change");
	if (kind == KIND_WITHDRAW) return ascii("withdraw");
	return ascii(kind == KIND_APPLICATION ? "application" : "update");
}
