import { ERROR_SIGNATURE_ALGORITHM, ERROR_SIGNATURE_INVALID } from "../../contract/as/codec";
import { Writer } from "../octets/writer";
import { sha256, sign, verify } from "../platform/keys";
import { get } from "../store/log";
import { RECORD_SIGN_KEY } from "../store/records";
import {
	FORM_ENVELOPED,
	SIGN_ECDSA_SHA256,
	SIGN_RSA_SHA256,
	writeSignature,
	writeSignedInfo,
} from "../xml/signed-info";

function signedInfoHash(form: u32, algorithm: u32, digest: Uint8Array): Uint8Array {
	const info = new Writer(900);
	writeSignedInfo(info, form, algorithm, digest, true);
	return sha256(info.written());
}

/** 0 when `signature` over `document` is by the key of the certificate `root`, else an error number. */
export function checkSignature(
	root: Uint8Array,
	form: u32,
	algorithm: u32,
	document: Uint8Array,
	signature: Uint8Array,
): u32 {
	if (algorithm != SIGN_RSA_SHA256 && algorithm != SIGN_ECDSA_SHA256) return ERROR_SIGNATURE_ALGORITHM;
	if (root.length == 0) return ERROR_SIGNATURE_INVALID;
	const hash = signedInfoHash(form, algorithm, sha256(document));
	return verify(algorithm, root, hash, signature) ? 0 : ERROR_SIGNATURE_INVALID;
}

/**
 * Signs a management object with PrKTRE: `body` is its canonical form up to the end tag `close`,
 * before which the ds:Signature goes. Empty when the crypto side fails.
 */
export function signEnveloped(body: Writer, close: string): Uint8Array {
	const whole = new Writer(body.written().length + close.length);
	const digest = sha256(whole.octets(body.written()).ascii(close).written());
	const value = sign(get(RECORD_SIGN_KEY), signedInfoHash(FORM_ENVELOPED, SIGN_RSA_SHA256, digest));
	if (value.length == 0) return value;
	writeSignature(body, FORM_ENVELOPED, SIGN_RSA_SHA256, digest, value);
	return body.ascii(close).written();
}
