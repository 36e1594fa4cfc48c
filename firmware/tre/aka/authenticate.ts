import { CborReader, CborWriter } from "../../contract/as/cbor";
import {
	AuthenticateEpsRequest,
	AuthenticateRequest,
	ERROR_AUTN_MAC,
	ERROR_CRYPTO_FAILURE,
	ERROR_MALFORMED_REQUEST,
	ERROR_NO_MCIM,
	ERROR_SEPARATION_BIT,
	STATE_TRIAL,
	writeAuthenticateEpsResponse,
	writeAuthenticateResponse,
} from "../../contract/as/codec";
import { EVENT_AUTHENTICATED, next } from "../life/machine";
import { StoredMcim } from "../mcim/mcim";
import { equalSecret, readU48, writeU48 } from "../octets/octets";
import { close, open } from "../platform/keys";
import { commit, get } from "../store/log";
import { RECORD_MCIM_KEY } from "../store/records";
import { NO_SLOT, State } from "../store/state";
import { kasme } from "./kasme";
import * as milenage from "./milenage";
import { accept, accepted, forgetArray, highest, isFresh, loadArray } from "./sqn";

const OUTCOME_SUCCESS: u32 = 0;
const OUTCOME_SYNC_FAILURE: u32 = 1;

/** The active MCIM's key stays open on the crypto side between commands. */
let openSlot: u32 = NO_SLOT;
let openKey: i32 = 0;

/** To be called whenever the content of an MCIM slot or the active slot changes. */
export function forgetKey(): void {
	close(openKey);
	openKey = 0;
	openSlot = NO_SLOT;
	forgetArray();
}

/** Slot whose MCIM the network sees: the new one during a trial. */
export function authenticatingSlot(state: State): u32 {
	return state.life == STATE_TRIAL ? state.pendingSlot : state.activeSlot;
}

/** What an AKA run gives; CK and IK are wiped by whoever took them. */
class Answer {
	outcome: u32 = OUTCOME_SUCCESS;
	res: Uint8Array = new Uint8Array(8);
	ck: Uint8Array = new Uint8Array(16);
	ik: Uint8Array = new Uint8Array(16);
	auts: Uint8Array = new Uint8Array(0);

	/** What MILENAGE has just answered. */
	take(): void {
		memory.copy(this.res.dataStart, milenage.RES, 8);
		memory.copy(this.ck.dataStart, milenage.CK, 16);
		memory.copy(this.ik.dataStart, milenage.IK, 16);
	}

	wipe(): void {
		memory.fill(this.ck.dataStart, 0, 16);
		memory.fill(this.ik.dataStart, 0, 16);
	}
}

const none = new Uint8Array(0);

/** AUTHENTICATE for UMTS: RES, CK and IK. */
export function authenticate(reader: CborReader, writer: CborWriter): u32 {
	const request = new AuthenticateRequest();
	if (!request.read(reader)) return ERROR_MALFORMED_REQUEST;
	const answer = new Answer();
	const error = aka(request.rand, request.autn, false, answer);
	if (error == 0) {
		const success = answer.outcome == OUTCOME_SUCCESS;
		writeAuthenticateResponse(
			writer,
			answer.outcome,
			success ? answer.res : none,
			success ? answer.ck : none,
			success ? answer.ik : none,
			answer.auts,
		);
	}
	answer.wipe();
	return error;
}

/** AUTHENTICATE for EPS (TS 33.401 clause 6.1): RES and KASME; CK and IK stay. */
export function authenticateEps(reader: CborReader, writer: CborWriter): u32 {
	const request = new AuthenticateEpsRequest();
	if (!request.read(reader) || request.snId.length != 3) return ERROR_MALFORMED_REQUEST;
	const answer = new Answer();
	const error = aka(request.rand, request.autn, true, answer);
	if (error == 0) {
		const success = answer.outcome == OUTCOME_SUCCESS;
		const key = success ? kasme(answer.ck, answer.ik, request.snId, request.autn.subarray(0, 6)) : none;
		writeAuthenticateEpsResponse(writer, answer.outcome, success ? answer.res : none, key, answer.auts);
		memory.fill(key.dataStart, 0, key.length);
	}
	answer.wipe();
	return error;
}

/** TS 33.102 clause 6.3.3: MAC before SQN, SQN on flash before RES leaves. 0, or an error number. */
function aka(rand: Uint8Array, autn: Uint8Array, eps: bool, answer: Answer): u32 {
	if (rand.length != 16 || autn.length != 16) return ERROR_MALFORMED_REQUEST;
	const state = State.load();
	const slot = authenticatingSlot(state);
	const mcim = StoredMcim.load(slot);
	if (mcim == null) return ERROR_NO_MCIM;
	if (openSlot != slot) {
		forgetKey();
		openKey = open(get(RECORD_MCIM_KEY + slot));
		if (openKey < 0) return ERROR_CRYPTO_FAILURE;
		openSlot = slot;
	}
	loadArray(slot, mcim.initialSeq);
	const error = run(rand, autn, eps, state, slot, answer);
	milenage.wipeMilenage();
	return error;
}

function run(rand: Uint8Array, autn: Uint8Array, eps: bool, state: State, slot: u32, answer: Answer): u32 {
	const key = <u32>openKey;
	if (!milenage.answer(key, rand.dataStart)) return ERROR_CRYPTO_FAILURE;
	answer.take();
	const sqn = new Uint8Array(6);
	for (let i = 0; i < 6; i++) sqn[i] = load<u8>(milenage.AK + i) ^ autn[i];
	const amf = autn.dataStart + 6;
	if (!milenage.check(key, rand.dataStart, sqn.dataStart, amf)) return ERROR_CRYPTO_FAILURE;
	if (!equalSecret(milenage.MAC_A, autn.dataStart + 8, 8)) return ERROR_AUTN_MAC;
	if (((load<u8>(amf) & 0x80) != 0) != eps) return ERROR_SEPARATION_BIT;
	const number = readU48(sqn, 0);
	if (!isFresh(number)) {
		answer.outcome = OUTCOME_SYNC_FAILURE;
		answer.auts = resynchronisation(key, rand);
		return answer.auts.length > 0 ? 0 : ERROR_CRYPTO_FAILURE;
	}
	accept(slot, number);
	noteSuccess(state);
	const unstored = commit();
	if (unstored != 0) return unstored;
	accepted(number);
	return 0;
}

/** The first AUTHENTICATE ends personalisation; one during a trial is half of a commit. */
function noteSuccess(state: State): void {
	const life = next(state.life, EVENT_AUTHENTICATED);
	const onTrial = state.life == STATE_TRIAL && !state.authenticated;
	if (life == state.life && !onTrial) return;
	state.life = life;
	state.authenticated = onTrial;
	state.save();
}

/** AUTS = (SQN_MS xor AK*) | MAC-S, over AMF* = 0 (TS 33.102 clause 6.3.3); empty where the crypto side fails. */
function resynchronisation(key: u32, rand: Uint8Array): Uint8Array {
	const sqn = new Uint8Array(6);
	writeU48(sqn, 0, highest());
	const amf = new Uint8Array(2);
	if (!milenage.check(key, rand.dataStart, sqn.dataStart, amf.dataStart)) return none;
	if (!milenage.resynchronise(key, rand.dataStart)) return none;
	const auts = new Uint8Array(14);
	for (let i = 0; i < 6; i++) auts[i] = sqn[i] ^ load<u8>(milenage.AK_STAR + i);
	memory.copy(auts.dataStart + 6, milenage.MAC_S, 8);
	return auts;
}
