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
import { copy, equal, equalSecret } from "../octets/octets";
import { randomOctets } from "../platform/keys";
import { commitForHost } from "../store/wear";

const MAX_NONCE: i32 = 63;

/** The client's credential; a nonce that the server sent is kept for the next session. */
export function dmCredential(reader: CborReader, writer: CborWriter): u32 {
	const request = new DmCredentialRequest();
	if (!request.read(reader) || request.nonce.length > MAX_NONCE) return ERROR_MALFORMED_REQUEST;
	const account = StoredAccount.load();
	if (account == null) return ERROR_NO_ACCOUNT;
	if (request.nonce.length > 0 && !equal(request.nonce, account.serverNonce)) {
		account.serverNonce = copy(request.nonce);
		account.save();
		const unstored = commitForHost();
		if (unstored != 0) return unstored;
	}
	const digest = account.clientDigest(account.serverNonce);
	if (digest.length == 0) return ERROR_CRYPTO_FAILURE;
	writeDmCredentialResponse(writer, account.serverId, account.user, digest);
	return 0;
}

/** A nonce serves until a digest fits, and then no more: one that was heard is worth nothing. */
export function dmVerify(reader: CborReader, writer: CborWriter): u32 {
	const request = new DmVerifyRequest();
	if (!request.read(reader)) return ERROR_MALFORMED_REQUEST;
	const account = StoredAccount.load();
	if (account == null) return ERROR_NO_ACCOUNT;
	const digest = account.serverDigest();
	if (digest.length == 0) return ERROR_CRYPTO_FAILURE;
	const accepted =
		digest.length == request.digest.length && equalSecret(digest.dataStart, request.digest.dataStart, digest.length);
	if (accepted) {
		const nonce = randomOctets(16);
		if (nonce.length == 0) return ERROR_CRYPTO_FAILURE;
		account.clientNonce = nonce;
		account.save();
		const unstored = commitForHost();
		if (unstored != 0) return unstored;
	}
	writeDmVerifyResponse(writer, accepted, account.clientNonce);
	return 0;
}
