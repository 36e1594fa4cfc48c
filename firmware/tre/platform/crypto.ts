/**
 * The crypto side: imports of the module `crypto`, described argument by argument in
 * `firmware/crypto/surface.ts` and function by function in `firmware/crypto/tre_crypto.h`.
 * A negative result is a PSA status.
 */
export declare function random(out: usize, size: i32): i32;
export declare function hash_compute(alg: u32, input: usize, length: i32, out: usize, size: i32): i32;
export declare function generate_key(type: u32, out: usize, size: i32): i32;
export declare function import_sealed(sealed: usize, length: i32): i32;
export declare function destroy_key(key: u32): i32;
export declare function export_public_key(key: u32, out: usize, size: i32): i32;
export declare function write_csr(key: u32, cn: usize, cnLength: i32, out: usize, size: i32): i32;
export declare function sign_hash(key: u32, hash: usize, hashLength: i32, out: usize, size: i32): i32;
export declare function verify_hash(
	alg: u32,
	cert: usize,
	certLength: i32,
	hash: usize,
	hashLength: i32,
	signature: usize,
	signatureLength: i32,
): i32;
export declare function x509_facts(cert: usize, length: i32, out: usize, size: i32): i32;
export declare function x509_verify(cert: usize, length: i32, issuer: usize, issuerLength: i32): i32;
export declare function envelope_open(key: u32, object: usize, length: i32): i32;
export declare function envelope_read(envelope: u32, out: usize, size: i32): i32;
export declare function envelope_import(envelope: u32, type: u32, offset: u32, length: u32, out: usize, size: i32): i32;
export declare function envelope_close(envelope: u32): i32;
export declare function aka_encrypt(
	key: u32,
	rand: usize,
	randLength: i32,
	input: usize,
	length: i32,
	out: usize,
	size: i32,
): i32;
export declare function aka_fingerprint(key: u32, out: usize, size: i32): i32;
export declare function dm_digest(
	key: u32,
	user: usize,
	userLength: i32,
	nonce: usize,
	nonceLength: i32,
	out: usize,
	size: i32,
): i32;
