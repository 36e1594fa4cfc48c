import { CborReader, CborWriter } from "../../contract/as/cbor";
import {
	allowedStates,
	COMMAND_ACCEPT_BOOTSTRAP,
	COMMAND_ACCEPT_MCIM,
	COMMAND_ACTIVATE,
	COMMAND_AUTHENTICATE,
	COMMAND_AUTHENTICATE_EPS,
	COMMAND_BIND_PARAMETERS,
	COMMAND_CERTIFICATE_REQUEST,
	COMMAND_CONFIRM_CONNECTIVITY,
	COMMAND_DM_CREDENTIAL,
	COMMAND_DM_VERIFY,
	COMMAND_HELLO,
	COMMAND_INFO,
	COMMAND_INSTALL_CERTIFICATES,
	COMMAND_INSTALL_CREDENTIAL,
	COMMAND_LOCK,
	COMMAND_LOG,
	COMMAND_MAKE_KEY_PAIRS,
	COMMAND_MAKE_KEYS,
	COMMAND_MCIM,
	COMMAND_PROVISIONING_REQUEST,
	COMMAND_RECEIPT,
	COMMAND_RELEASE_ROOT,
	COMMAND_REQUIRE_OFFERS,
	COMMAND_STATUS,
	COMMAND_STORE,
	COMMAND_UPDATE_BEGIN,
	COMMAND_UPDATE_END,
	COMMAND_UPDATE_OCTETS,
	COMMAND_UPDATE_OFFER,
	COMMAND_UPDATE_STATUS,
	COMMAND_WEAR,
	COMMAND_WIPE,
	COMMAND_WIPE_CHALLENGE,
	ERROR_HELLO_FIRST,
	ERROR_MALFORMED_REQUEST,
	ERROR_MESSAGE_TOO_LARGE,
	ERROR_TRIAL_OVER,
	ERROR_UNKNOWN_COMMAND,
	ERROR_UPDATE_DOWNGRADE,
	ERROR_WRONG_STATE,
	requestElements,
} from "../../contract/as/codec";
import { authenticate, authenticateEps } from "../aka/authenticate";
import { discard } from "../store/log";
import { OUTCOME_REVERTED, State } from "../store/state";
import { confirmFirmware } from "../update/trial";
import { acceptBootstrap } from "./bootstrap";
import { dmCredential, dmVerify } from "./dm";
import {
	certificateRequestCommand,
	installCertificates,
	installCredential,
	lock,
	makeKeyPairs,
	makeKeys,
} from "./factory";
import { acceptMcim, activate, confirmConnectivity, provisioningRequest, receipt, releaseRoot } from "./provisioning";
import { hello, info, log, status } from "./session";
import { bindParameters, mcim, store, wear } from "./subscriptions";
import { requireOffersCommand, updateBegin, updateEnd, updateOctets, updateOffer, updateStatus } from "./update";
import { wipe, wipeChallenge } from "./wipe";

let greeted: bool = false;
/** 0, or the error that every command but `hello` and `info` gets. */
let broken: u32 = 0;

/** The store cannot be read or written: the TRE answers, and refuses. */
export function refuseAll(error: u32): void {
	broken = error;
}

/** Executes a request and leaves its response in `out`; answers the response's length. */
export function execute(request: Uint8Array, out: Uint8Array): i32 {
	const writer = new CborWriter(out);
	discard();
	let error = run(request, writer);
	discard();
	if (error == 0 && writer.overflowed) error = ERROR_MESSAGE_TOO_LARGE;
	if (error == 0) return writer.length;
	return errorResponse(error, out);
}

export function errorResponse(error: u32, out: Uint8Array): i32 {
	const writer = new CborWriter(out);
	writer.array(1);
	writer.uint(error);
	return writer.length;
}

function run(request: Uint8Array, writer: CborWriter): u32 {
	const reader = new CborReader(request);
	const elements = reader.array();
	const command = reader.uint();
	if (reader.failed()) return ERROR_MALFORMED_REQUEST;
	const allowed = allowedStates(command);
	if (allowed == 0) return ERROR_UNKNOWN_COMMAND;
	if (elements != requestElements(command)) return ERROR_MALFORMED_REQUEST;
	if (command == COMMAND_HELLO) {
		const error = hello(reader, writer);
		greeted = greeted || error == 0;
		if (error == 0 && broken == 0) confirmFirmware();
		return error;
	}
	if (!greeted) return ERROR_HELLO_FIRST;
	if (broken != 0 && command != COMMAND_INFO && !isWayOut(command)) return broken;
	const state = State.load();
	// Nothing else than its way out can move an older firmware, wherever it stands.
	if (broken == 0 && (allowed & (1 << state.life)) == 0) return outOfTurn(command, state);
	return handle(command, reader, writer);
}

/** A firmware that is older than this device takes has a store that it can read, and may be updated. */
function isWayOut(command: u32): bool {
	if (broken != ERROR_UPDATE_DOWNGRADE) return false;
	return (command >= COMMAND_UPDATE_BEGIN && command <= COMMAND_UPDATE_STATUS) || command == COMMAND_UPDATE_OFFER;
}

/** Whoever confirms a trial too late is told that it was too late. */
function outOfTurn(command: u32, state: State): u32 {
	const late = command == COMMAND_CONFIRM_CONNECTIVITY && state.outcome == OUTCOME_REVERTED;
	return late ? ERROR_TRIAL_OVER : ERROR_WRONG_STATE;
}

function handle(command: u32, reader: CborReader, writer: CborWriter): u32 {
	switch (command) {
		case COMMAND_INFO:
			return info(reader, writer);
		case COMMAND_STATUS:
			return status(reader, writer);
		case COMMAND_LOG:
			return log(reader, writer);
		case COMMAND_MAKE_KEYS:
			return makeKeys(reader, writer);
		case COMMAND_MAKE_KEY_PAIRS:
			return makeKeyPairs(reader, writer);
		case COMMAND_CERTIFICATE_REQUEST:
			return certificateRequestCommand(reader, writer);
		case COMMAND_INSTALL_CERTIFICATES:
			return installCertificates(reader, writer);
		case COMMAND_INSTALL_CREDENTIAL:
			return installCredential(reader, writer);
		case COMMAND_LOCK:
			return lock(reader, writer);
		case COMMAND_WIPE_CHALLENGE:
			return wipeChallenge(reader, writer);
		case COMMAND_WIPE:
			return wipe(reader, writer);
		case COMMAND_AUTHENTICATE:
			return authenticate(reader, writer);
		case COMMAND_AUTHENTICATE_EPS:
			return authenticateEps(reader, writer);
		case COMMAND_ACCEPT_BOOTSTRAP:
			return acceptBootstrap(reader, writer);
		case COMMAND_PROVISIONING_REQUEST:
			return provisioningRequest(reader, writer);
		case COMMAND_ACCEPT_MCIM:
			return acceptMcim(reader, writer);
		case COMMAND_ACTIVATE:
			return activate(reader, writer);
		case COMMAND_CONFIRM_CONNECTIVITY:
			return confirmConnectivity(reader, writer);
		case COMMAND_RECEIPT:
			return receipt(reader, writer);
		case COMMAND_RELEASE_ROOT:
			return releaseRoot(reader, writer);
		case COMMAND_DM_CREDENTIAL:
			return dmCredential(reader, writer);
		case COMMAND_DM_VERIFY:
			return dmVerify(reader, writer);
		case COMMAND_MCIM:
			return mcim(reader, writer);
		case COMMAND_BIND_PARAMETERS:
			return bindParameters(reader, writer);
		case COMMAND_STORE:
			return store(reader, writer);
		case COMMAND_WEAR:
			return wear(reader, writer);
		case COMMAND_UPDATE_BEGIN:
			return updateBegin(reader, writer);
		case COMMAND_UPDATE_OCTETS:
			return updateOctets(reader, writer);
		case COMMAND_UPDATE_END:
			return updateEnd(reader, writer);
		case COMMAND_UPDATE_STATUS:
			return updateStatus(reader, writer);
		case COMMAND_REQUIRE_OFFERS:
			return requireOffersCommand(reader, writer);
		case COMMAND_UPDATE_OFFER:
			return updateOffer(reader, writer);
		default:
			return ERROR_UNKNOWN_COMMAND;
	}
}
