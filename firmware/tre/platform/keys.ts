import { ERROR_ROOT_NOT_CA, ERROR_ROOT_UNSUPPORTED } from "../../contract/as/codec";
import * as crypto from "./crypto";

export const KEY_SIGN: u32 = 1;
export const KEY_DECRYPT: u32 = 2;
export const KEY_DECRYPT_P256: u32 = 3;
export const KEY_AKA: u32 = 5;
export const KEY_PASSWORD: u32 = 6;

export const HASH_SHA1: u32 = 1;
export const HASH_SHA256: u32 = 2;

export const X509_CA: u32 = 1;
export const X509_DIGITAL_SIGNATURE: u32 = 2;
export const X509_KEY_ENCIPHERMENT: u32 = 4;
export const X509_TRE_USAGE: u32 = 8;
export const X509_RSA_2048: u32 = 16;
export const X509_DNS_NAME: u32 = 32;
export const X509_KEY_AGREEMENT: u32 = 64;
export const X509_P256: u32 = 128;

/** Octets of the largest certificate: what a change stages has to fit its commit, too. */
const MAX_CERTIFICATE: i32 = 2048;

export const PSA_NOT_SUPPORTED: i32 = -134;

const scratch = new Uint8Array(1400);

/** The octets a crypto call wrote to `scratch`, copied; empty where it failed. */
function taken(result: i32): Uint8Array {
	return result > 0 ? scratch.slice(0, result) : new Uint8Array(0);
}

export function randomOctets(size: i32): Uint8Array {
	const out = new Uint8Array(size);
	return crypto.random(out.dataStart, size) == 0 ? out : new Uint8Array(0);
}

export function sha256(octets: Uint8Array): Uint8Array {
	const out = new Uint8Array(32);
	if (crypto.hash_compute(HASH_SHA256, octets.dataStart, octets.length, out.dataStart, 32) != 32) unreachable();
	return out;
}

export function sha1(octets: Uint8Array): Uint8Array {
	const out = new Uint8Array(20);
	if (crypto.hash_compute(HASH_SHA1, octets.dataStart, octets.length, out.dataStart, 20) != 20) unreachable();
	return out;
}

/** A new key pair, sealed; empty on failure. */
export function generate(type: u32): Uint8Array {
	return taken(crypto.generate_key(type, scratch.dataStart, scratch.length));
}

/** The type that a sealed key was made with, 0 where there is none. */
export function typeOf(sealed: Uint8Array): u32 {
	return sealed.length > 0 ? sealed[0] : 0;
}

/** Handle of a sealed key, or a negative status. Destroy it after use. */
export function open(sealed: Uint8Array): i32 {
	return crypto.import_sealed(sealed.dataStart, sealed.length);
}

export function close(key: i32): void {
	if (key > 0) crypto.destroy_key(<u32>key);
}

export function publicKey(key: i32): Uint8Array {
	return taken(crypto.export_public_key(<u32>key, scratch.dataStart, scratch.length));
}

export function certificateRequest(key: i32, cn: Uint8Array): Uint8Array {
	return taken(crypto.write_csr(<u32>key, cn.dataStart, cn.length, scratch.dataStart, scratch.length));
}

/** Signature over a SHA-256 hash with a sealed signing key; empty on failure. */
export function sign(sealed: Uint8Array, hash: Uint8Array): Uint8Array {
	const key = open(sealed);
	if (key < 0) return new Uint8Array(0);
	const result = crypto.sign_hash(<u32>key, hash.dataStart, hash.length, scratch.dataStart, scratch.length);
	close(key);
	return taken(result);
}

/** True when `signature` over `hash` verifies under the key of the certificate. */
export function verify(alg: u32, cert: Uint8Array, hash: Uint8Array, signature: Uint8Array): bool {
	return (
		crypto.verify_hash(
			alg,
			cert.dataStart,
			cert.length,
			hash.dataStart,
			hash.length,
			signature.dataStart,
			signature.length,
		) == 0
	);
}

/** What the TRE asks about a certificate. */
export class CertificateFacts {
	constructor(
		public flags: u32,
		public keyHash: Uint8Array,
		public cn: Uint8Array,
	) {}

	has(flag: u32): bool {
		return (this.flags & flag) != 0;
	}
}

/** Null where the certificate cannot be read, or its key is of no kind that the TRE verifies with. */
export function certificateFacts(cert: Uint8Array): CertificateFacts | null {
	const result = readFacts(cert);
	if (result < 34) return null;
	const flags = ((<u32>scratch[0]) << 8) | scratch[1];
	return new CertificateFacts(flags, scratch.slice(2, 34), scratch.slice(34, result));
}

/** Octets of the facts in `scratch`, or a status. */
function readFacts(cert: Uint8Array): i32 {
	if (cert.length > MAX_CERTIFICATE) return -1;
	return crypto.x509_facts(cert.dataStart, cert.length, scratch.dataStart, scratch.length);
}

function verifyCertificate(cert: Uint8Array, issuer: Uint8Array): i32 {
	return crypto.x509_verify(cert.dataStart, cert.length, issuer.dataStart, issuer.length);
}

export function isIssuedBy(cert: Uint8Array, issuer: Uint8Array): bool {
	return verifyCertificate(cert, issuer) == 0;
}

/** Can it be read, whatever its key? */
export function isCertificate(cert: Uint8Array): bool {
	const result = readFacts(cert);
	return result == PSA_NOT_SUPPORTED || result >= 34;
}

/** Why a certificate is no root (documents.md, "CertSHO and CertPVA"): self-signed, a CA, of a supported kind; or 0. */
export function rootError(cert: Uint8Array): u32 {
	if (readFacts(cert) == PSA_NOT_SUPPORTED) return ERROR_ROOT_UNSUPPORTED;
	const facts = certificateFacts(cert);
	if (facts == null || !facts.has(X509_CA)) return ERROR_ROOT_NOT_CA;
	const result = verifyCertificate(cert, cert);
	if (result == PSA_NOT_SUPPORTED) return ERROR_ROOT_UNSUPPORTED;
	return result == 0 ? 0 : ERROR_ROOT_NOT_CA;
}

export function digestAuth(sealedPassword: Uint8Array, user: Uint8Array, nonce: Uint8Array): Uint8Array {
	const key = open(sealedPassword);
	if (key < 0) return new Uint8Array(0);
	const result = crypto.dm_digest(
		<u32>key,
		user.dataStart,
		user.length,
		nonce.dataStart,
		nonce.length,
		scratch.dataStart,
		scratch.length,
	);
	close(key);
	return taken(result);
}

/** 16 octets that are equal for equal K, of a sealed AKA key; empty on failure. */
export function fingerprint(sealed: Uint8Array): Uint8Array {
	const key = open(sealed);
	if (key < 0) return new Uint8Array(0);
	const result = crypto.aka_fingerprint(<u32>key, scratch.dataStart, scratch.length);
	close(key);
	return taken(result);
}
