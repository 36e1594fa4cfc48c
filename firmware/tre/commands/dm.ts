import { CborReader, CborWriter } from "../../contract/as/cbor";
import {
	DmCredentialRequest,
	DmVerifyRequest,
	ERROR_CRYPTO_FAILURE,
	ERROR_MALFORMED_REQUEST,
	ERROR_NO_ACCOUNT,
	writeDmCredentialResponse,
	writeDmVerifyResponse,
} from "../../contract/as/codec";
import { StoredAccount } from "../mcim/account";
import { copy, equalSecret } from "../octets/octets";
import { randomOctets } from "../platform/keys";
import { commit } from "../store/log";

const MAX_NONCE: i32 = 63;

/** The client's credential; a nonce that the server sent is kept for the next session. */
export function dmCredential(reader: CborReader, writer: CborWriter): u32 {
	const request = new DmCredentialRequest();
	if (!request.read(reader) || request.nonce.length > MAX_NONCE) return ERROR_MALFORMED_REQUEST;
	const account = StoredAccount.load();
	if (account == null) return ERROR_NO_ACCOUNT;
	if (request.nonce.length > 0) {
		account.serverNonce = copy(request.nonce);
		account.save();
		const unstored = commit();
		if (unstored != 0) return unstored;
	}
	const digest = account.clientDigest(account.serverNonce);
	if (digest.length == 0) return ERROR_CRYPTO_FAILURE;
	writeDmCredentialResponse(writer, account.serverId, account.user, digest);
	return 0;
}

/** Each nonce serves for one check, so a digest that was heard is worth nothing. */
export function dmVerify(reader: CborReader, writer: CborWriter): u32 {
	const request = new DmVerifyRequest();
	if (!request.read(reader)) return ERROR_MALFORMED_REQUEST;
	const account = StoredAccount.load();
	if (account == null) return ERROR_NO_ACCOUNT;
	const digest = account.serverDigest();
	if (digest.length == 0) return ERROR_CRYPTO_FAILURE;
	const accepted =
		digest.length == request.digest.length && equalSecret(digest.dataStart, request.digest.dataStart, digest.length);
	const nonce = randomOctets(16);
	if (nonce.length == 0) return ERROR_CRYPTO_FAILURE;
	account.clientNonce = nonce;
	account.save();
	const unstored = commit();
	if (unstored != 0) return unstored;
	writeDmVerifyResponse(writer, accepted, nonce);
	return 0;
}
