import { CborReader, CborWriter } from "../../contract/as/cbor";
import {
	CertificateRequestRequest,
	ERROR_CERTIFICATE_MALFORMED,
	ERROR_CERTIFICATE_MISMATCH,
	ERROR_CERTIFICATES_MISSING,
	ERROR_CREDENTIAL_MISSING,
	ERROR_CRYPTO_FAILURE,
	ERROR_FLASH_FAILED,
	ERROR_MALFORMED_REQUEST,
	ERROR_ROOT_MISMATCH,
	InstallCertificatesRequest,
	InstallCredentialRequest,
	LOG_LOCKED,
	MakeKeyPairsRequest,
	STATE_PERSONALISED,
	writeCertificateRequestResponse,
	writeInstallCertificatesResponse,
	writeInstallCredentialResponse,
	writeLockResponse,
	writeMakeKeyPairsResponse,
	writeMakeKeysResponse,
} from "../../contract/as/codec";
import { forgetKey } from "../aka/authenticate";
import { note } from "../life/audit";
import { EVENT_KEYS_MADE, EVENT_LOCKED, next } from "../life/machine";
import { foreignError } from "../mcim/envelope";
import { Mcim, removeMcim, StoredMcim } from "../mcim/mcim";
import { equal } from "../octets/octets";
import { encodeHex } from "../octets/text";
import {
	certificateFacts,
	certificateRequest,
	close,
	generate,
	isCertificate,
	isIssuedBy,
	KEY_DECRYPT,
	KEY_DECRYPT_P256,
	KEY_SIGN,
	open,
	publicKey,
	randomOctets,
	rootError,
	sha256,
	typeOf,
	X509_CA,
	X509_DIGITAL_SIGNATURE,
	X509_DNS_NAME,
	X509_KEY_AGREEMENT,
	X509_KEY_ENCIPHERMENT,
	X509_P256,
	X509_RSA_2048,
	X509_TRE_USAGE,
} from "../platform/keys";
import { commit, get, has, isClean, put } from "../store/log";
import {
	RECORD_CERT_DECRYPT,
	RECORD_CERT_PVA,
	RECORD_CERT_SIGN,
	RECORD_DECRYPT_KEY,
	RECORD_ROOT_CURRENT,
	RECORD_SIGN_KEY,
	RECORD_TRE_ID,
} from "../store/records";
import { State } from "../store/state";
import { commitForHost } from "../store/wear";

/** SubjectPublicKeyInfo of a sealed key pair; empty on failure. */
function publicKeyOf(sealed: Uint8Array): Uint8Array {
	const key = open(sealed);
	if (key < 0) return new Uint8Array(0);
	const octets = publicKey(key);
	close(key);
	return octets;
}

export function makeKeys(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	const error = makePairs(KEY_DECRYPT);
	if (error == 0) writeMakeKeysResponse(writer, get(RECORD_TRE_ID));
	return error;
}

const ENCRYPTION_RSA: u32 = 1;
const ENCRYPTION_P256: u32 = 2;

export function makeKeyPairs(reader: CborReader, writer: CborWriter): u32 {
	const request = new MakeKeyPairsRequest();
	if (!request.read(reader)) return ERROR_MALFORMED_REQUEST;
	if (request.encryption != ENCRYPTION_RSA && request.encryption != ENCRYPTION_P256) return ERROR_MALFORMED_REQUEST;
	const error = makePairs(request.encryption == ENCRYPTION_P256 ? KEY_DECRYPT_P256 : KEY_DECRYPT);
	if (error == 0) writeMakeKeyPairsResponse(writer, get(RECORD_TRE_ID));
	return error;
}

/** B.2.2.1: two key pairs, one for signatures and one for encryption. */
function makePairs(decryptType: u32): u32 {
	// No new life beside the keys of an old one.
	if (!isClean()) return ERROR_FLASH_FAILED;
	const signing = generate(KEY_SIGN);
	const decrypting = generate(decryptType);
	const spki = publicKeyOf(signing);
	if (spki.length == 0 || decrypting.length == 0) return ERROR_CRYPTO_FAILURE;
	const treId = encodeHex(sha256(spki).subarray(0, 16));
	const state = State.load();
	state.life = next(state.life, EVENT_KEYS_MADE);
	state.save();
	put(RECORD_SIGN_KEY, signing);
	put(RECORD_DECRYPT_KEY, decrypting);
	put(RECORD_TRE_ID, treId);
	return commit();
}

export function certificateRequestCommand(reader: CborReader, writer: CborWriter): u32 {
	const request = new CertificateRequestRequest();
	if (!request.read(reader) || request.usage > 1) return ERROR_MALFORMED_REQUEST;
	const key = open(get(request.usage == 0 ? RECORD_SIGN_KEY : RECORD_DECRYPT_KEY));
	if (key < 0) return ERROR_CRYPTO_FAILURE;
	const octets = certificateRequest(key, get(RECORD_TRE_ID));
	close(key);
	if (octets.length == 0) return ERROR_CRYPTO_FAILURE;
	writeCertificateRequestResponse(writer, octets);
	return 0;
}

/** documents.md, "Names and numbers": what a CertTRE must be. `usage` and `kind` are X509 flags. */
function certTreError(cert: Uint8Array, sealedKey: Uint8Array, usage: u32, kind: u32, pva: Uint8Array): u32 {
	const facts = certificateFacts(cert);
	if (facts == null) return ERROR_CERTIFICATE_MALFORMED;
	const fits =
		equal(facts.keyHash, sha256(publicKeyOf(sealedKey))) &&
		equal(facts.cn, get(RECORD_TRE_ID)) &&
		facts.has(usage) &&
		facts.has(X509_TRE_USAGE) &&
		facts.has(kind) &&
		!facts.has(X509_CA) &&
		!facts.has(X509_DNS_NAME) &&
		isIssuedBy(cert, pva);
	return fits ? 0 : ERROR_CERTIFICATE_MISMATCH;
}

export function installCertificates(reader: CborReader, writer: CborWriter): u32 {
	const request = new InstallCertificatesRequest();
	if (!request.read(reader)) return ERROR_MALFORMED_REQUEST;
	if (!isCertificate(request.pva) || !isCertificate(request.sho)) return ERROR_CERTIFICATE_MALFORMED;
	let error = rootError(request.sho);
	if (error == 0) error = rootError(request.pva);
	if (error != 0) return error;
	const signing = get(RECORD_SIGN_KEY);
	const decrypting = get(RECORD_DECRYPT_KEY);
	const agrees = typeOf(decrypting) == KEY_DECRYPT_P256;
	const usage = agrees ? X509_KEY_AGREEMENT : X509_KEY_ENCIPHERMENT;
	error = certTreError(request.sign, signing, X509_DIGITAL_SIGNATURE, X509_RSA_2048, request.pva);
	if (error == 0)
		error = certTreError(request.encrypt, decrypting, usage, agrees ? X509_P256 : X509_RSA_2048, request.pva);
	if (error != 0) return error;
	put(RECORD_CERT_SIGN, request.sign);
	put(RECORD_CERT_DECRYPT, request.encrypt);
	put(RECORD_CERT_PVA, request.pva);
	put(RECORD_ROOT_CURRENT, request.sho);
	const unstored = commitForHost();
	if (unstored != 0) return unstored;
	writeInstallCertificatesResponse(writer);
	return 0;
}

/** The one MCIM that comes unsigned (G3): before lock, with CertSHO[0] as its issuer. */
export function installCredential(reader: CborReader, writer: CborWriter): u32 {
	const request = new InstallCredentialRequest();
	if (!request.read(reader)) return ERROR_MALFORMED_REQUEST;
	if (!has(RECORD_ROOT_CURRENT)) return ERROR_CERTIFICATES_MISSING;
	const mcim = new Mcim(get(RECORD_DECRYPT_KEY), request.object);
	if (mcim.error != 0) return mcim.error;
	const foreign = foreignError(mcim.treId, mcim.issuer, sha256(get(RECORD_ROOT_CURRENT)));
	if (foreign != 0) return foreign;
	const state = State.load();
	const replaced = state.activeSlot;
	state.activeSlot = mcim.install();
	if (mcim.error != 0) return mcim.error;
	removeMcim(replaced);
	state.save();
	const unstored = commitForHost();
	if (unstored != 0) return unstored;
	forgetKey();
	writeInstallCredentialResponse(writer, mcim.imsi);
	return 0;
}

/** Asked again in `personalised` it returns the same REIGN: the first answer may have been lost. */
export function lock(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	const state = State.load();
	if (state.life != STATE_PERSONALISED) {
		if (!has(RECORD_ROOT_CURRENT)) return ERROR_CERTIFICATES_MISSING;
		const mcim = StoredMcim.load(state.activeSlot);
		if (mcim == null) return ERROR_CREDENTIAL_MISSING;
		// CertSHO[0] may have been replaced since the credential came (G3).
		if (!equal(mcim.issuer, sha256(get(RECORD_ROOT_CURRENT)))) return ERROR_ROOT_MISMATCH;
		const reign = randomOctets(32);
		if (reign.length == 0) return ERROR_CRYPTO_FAILURE;
		state.reign = reign;
		state.serial = 0;
		state.life = next(state.life, EVENT_LOCKED);
		state.save();
		note(LOG_LOCKED, sha256(get(RECORD_ROOT_CURRENT)), mcim.mcimId);
		const unstored = commit();
		if (unstored != 0) return unstored;
	}
	writeLockResponse(writer, state.reign);
	return 0;
}
