/*
 * The crypto boundary of the TRE (DESIGN section 4, "Two memories").
 *
 * Names and semantics follow the PSA Crypto API, reduced to scalars and pointers. Every function
 * returns a length or 0 on success and a negative PSA status on failure. A key is a small handle;
 * at rest it is a sealed blob that only this device opens. Secret octets never leave this side:
 * no function writes a key, a password or the secret part of an envelope in clear.
 */
#ifndef TRE_CRYPTO_H
#define TRE_CRYPTO_H

#include <stdint.h>

/* The subset of psa_status_t that is used; values as in the PSA specification. */
#define TRE_ERROR_GENERIC (-132)
#define TRE_ERROR_NOT_PERMITTED (-133)
#define TRE_ERROR_NOT_SUPPORTED (-134)
#define TRE_ERROR_INVALID_ARGUMENT (-135)
#define TRE_ERROR_INVALID_HANDLE (-136)
#define TRE_ERROR_BUFFER_TOO_SMALL (-138)
#define TRE_ERROR_INSUFFICIENT_MEMORY (-141)
#define TRE_ERROR_INSUFFICIENT_ENTROPY (-148)
#define TRE_ERROR_INVALID_SIGNATURE (-149)
#define TRE_ERROR_CORRUPT (-152)

/* What a key may be used for. A key of one type is refused for every other use. */
#define TRE_KEY_RSA_SIGN 1
#define TRE_KEY_RSA_DECRYPT 2
#define TRE_KEY_P256_DECRYPT 3
#define TRE_KEY_AKA 5      /* K(16) | OPc(16) */
#define TRE_KEY_PASSWORD 6 /* octets of a DM password */

#define TRE_HASH_SHA1 1
#define TRE_HASH_SHA256 2

#define TRE_SIGN_RSA_SHA256 1
#define TRE_SIGN_ECDSA_SHA256 2

/* Bits of the flags in tre_x509_facts. */
#define TRE_X509_CA 1
#define TRE_X509_DIGITAL_SIGNATURE 2
#define TRE_X509_KEY_ENCIPHERMENT 4
#define TRE_X509_TRE_USAGE 8
#define TRE_X509_RSA_2048 16
#define TRE_X509_DNS_NAME 32
#define TRE_X509_KEY_AGREEMENT 64
#define TRE_X509_P256 128

/* Brings up heap, random generator and the keys derived from the device root key. */
int32_t tre_init(void);

/* Octets that a call may move in all, in and out. */
#define TRE_TRANSFER_SIZE (20 * 1024)
/* Transfer area for the glue where the caller's memory is another one (wasm32). */
uint8_t *tre_transfer(void);
uint32_t tre_transfer_size(void);

int32_t tre_random(uint8_t *out, uint32_t size);
int32_t tre_hash_compute(uint32_t alg, const uint8_t *in, uint32_t in_length, uint8_t *out, uint32_t size);

/* Makes a key pair of `type` and returns it sealed. */
int32_t tre_generate_key(uint32_t type, uint8_t *sealed, uint32_t size);
/* Opens a sealed key; returns its handle (1 or more). */
int32_t tre_import_sealed(const uint8_t *sealed, uint32_t length);
int32_t tre_destroy_key(uint32_t key);
/* SubjectPublicKeyInfo, DER. */
int32_t tre_export_public_key(uint32_t key, uint8_t *out, uint32_t size);
/* PKCS#10 request with CN and the keyUsage of the key's type, DER. */
int32_t tre_write_csr(uint32_t key, const uint8_t *cn, uint32_t cn_length, uint8_t *out, uint32_t size);
/* RSASSA-PKCS1-v1_5 with SHA-256 over a ready hash. */
int32_t tre_sign_hash(uint32_t key, const uint8_t *hash, uint32_t hash_length, uint8_t *out, uint32_t size);

/* Signature over a SHA-256 hash under the public key of a certificate (DER). */
int32_t tre_verify_hash(uint32_t alg, const uint8_t *cert, uint32_t cert_length, const uint8_t *hash,
                        uint32_t hash_length, const uint8_t *signature, uint32_t signature_length);
/* flags(2, BE) | SHA-256 of the SubjectPublicKeyInfo(32) | CN. */
int32_t tre_x509_facts(const uint8_t *cert, uint32_t cert_length, uint8_t *out, uint32_t size);
/* Is `cert` signed by the CA certificate `issuer`? No dates: the TRE has no clock. */
int32_t tre_x509_verify(const uint8_t *cert, uint32_t cert_length, const uint8_t *issuer, uint32_t issuer_length);

/*
 * Protected data (B.2.3.6): unwraps, authenticates, decrypts. The plaintext stays on this side
 * behind the returned handle. One failure status for every cryptographic cause. Suites 1 and 2 open with an
 * RSA key, suite 3 with a P-256 key; TRE_ERROR_NOT_SUPPORTED for any other suite.
 */
int32_t tre_envelope_open(uint32_t key, const uint8_t *object, uint32_t length);
/* tag(1) | version(4, BE) | secret length(4, BE) | public part. */
int32_t tre_envelope_read(uint32_t envelope, uint8_t *out, uint32_t size);
/* Seals `length` octets of the secret part as a key of `type`. */
int32_t tre_envelope_import(uint32_t envelope, uint32_t type, uint32_t offset, uint32_t length, uint8_t *sealed,
                            uint32_t size);
int32_t tre_envelope_close(uint32_t envelope);

/*
 * The blocks of MILENAGE (TS 35.206). TEMP = E_K(RAND xor OPc) stays on this side. Per record
 * r(1) | x(16), r in bits:
 *   out = E_K(rot(TEMP xor OPc, r) xor x) xor OPc                          (OUT2 to OUT5, x = c)
 *   out = E_K(TEMP xor rot(OPc, r) xor x) xor OPc  with TRE_AKA_TEMP_AS_IS (OUT1, x = rot(IN1, r) xor c)
 * Every output is whitened, so that none of them, and no two of them, give OPc or an AES block away.
 */
#define TRE_AKA_TEMP_AS_IS 0x80
int32_t tre_aka_encrypt(uint32_t key, const uint8_t *rand, uint32_t rand_length, const uint8_t *in, uint32_t in_length,
                        uint8_t *out, uint32_t size);
/* 16 octets that are equal for equal K on this device and tell nothing of K. */
int32_t tre_aka_fingerprint(uint32_t key, uint8_t *out, uint32_t size);

/* MD5(b64(MD5(user:password)):nonce) of syncml:auth-md5, 16 octets. */
int32_t tre_dm_digest(uint32_t key, const uint8_t *user, uint32_t user_length, const uint8_t *nonce,
                      uint32_t nonce_length, uint8_t *out, uint32_t size);

/* What the board provides to this side only. */
int32_t board_entropy(uint8_t *out, uint32_t size);
int32_t board_root_key(uint8_t *out, uint32_t size);

#endif
