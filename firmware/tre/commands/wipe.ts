import { CborReader, CborWriter } from "../../contract/as/cbor";
import {
	ERROR_CRYPTO_FAILURE,
	ERROR_MALFORMED_REQUEST,
	ERROR_SIGNATURE_ALGORITHM,
	ERROR_SIGNATURE_INVALID,
	ERROR_WIPE_NOT_ASKED,
	WipeRequest,
	writeWipeChallengeResponse,
	writeWipeResponse,
} from "../../contract/as/codec";
import { wipeDevice } from "../life/wipe";
import { Writer } from "../octets/writer";
import { randomOctets, sha256, verify } from "../platform/keys";
import { get } from "../store/log";
import { RECORD_CERT_PVA, RECORD_TRE_ID } from "../store/records";
import { SIGN_ECDSA_SHA256, SIGN_RSA_SHA256 } from "../xml/signed-info";

/** Of this boot; empty where none is open. */
let nonce: Uint8Array = new Uint8Array(0);

export function wipeChallenge(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	nonce = randomOctets(32);
	if (nonce.length == 0) return ERROR_CRYPTO_FAILURE;
	writeWipeChallengeResponse(writer, nonce);
	return 0;
}

/** documents.md, "wipe": TRE-WIPE-1 | TRE_id | nonce under CertPVA's key. A challenge serves for one try. */
export function wipe(reader: CborReader, writer: CborWriter): u32 {
	const request = new WipeRequest();
	if (!request.read(reader)) return ERROR_MALFORMED_REQUEST;
	if (request.algorithm != SIGN_RSA_SHA256 && request.algorithm != SIGN_ECDSA_SHA256) return ERROR_SIGNATURE_ALGORITHM;
	if (nonce.length == 0) return ERROR_WIPE_NOT_ASKED;
	const signed = new Writer(10 + 32 + 32).ascii("TRE-WIPE-1").octets(get(RECORD_TRE_ID)).octets(nonce);
	nonce = new Uint8Array(0);
	const hash = sha256(signed.written());
	if (!verify(request.algorithm, get(RECORD_CERT_PVA), hash, request.signature)) return ERROR_SIGNATURE_INVALID;
	const unstored = wipeDevice();
	if (unstored != 0) return unstored;
	writeWipeResponse(writer);
	return 0;
}
