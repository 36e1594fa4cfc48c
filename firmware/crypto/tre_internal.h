/* Shared by the files of the crypto side; nothing outside this folder includes it. */
#ifndef TRE_INTERNAL_H
#define TRE_INTERNAL_H

#include <string.h>

#include "mbedtls/aes.h"
#include "mbedtls/ctr_drbg.h"
#include "mbedtls/md.h"
#include "mbedtls/pk.h"
#include "mbedtls/platform.h"
#include "mbedtls/platform_util.h"
#include "tre_crypto.h"

#define BLOCK 16
#define MAX_PASSWORD 64
#define RSA_BITS 2048
#define MAX_RSA_BITS 4096
#define P256_BITS 256

/* A block as words: an exclusive or is four instructions, not sixteen. */
typedef struct {
  uint32_t word[BLOCK / 4];
} block_words;

typedef struct {
  uint32_t type; /* 0: free */
  mbedtls_pk_context pair;
  mbedtls_aes_context aes;
  uint8_t secret[MAX_PASSWORD]; /* AKA: K | OPc */
  uint32_t secret_length;
  /* AKA: TEMP of the run that gave f2 to f5, for the run with the same RAND that follows for f1. */
  block_words rand, temp;
  int has_temp;
} key_slot;

/* The generator, and the keys derived from the device root key. */
extern mbedtls_ctr_drbg_context tre_drbg;
extern uint8_t tre_seal_key[32];
extern uint8_t tre_fingerprint_key[32];

int tre_random_octets(void *context, unsigned char *out, size_t size);
int tre_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *in, size_t length, uint8_t *out);

/* The open key behind a handle, if it is of `type` (0: any). */
key_slot *tre_slot_of(uint32_t key, uint32_t type);
/* type | nonce | ciphertext | tag under the seal key; the length, or a status. */
int32_t tre_seal(uint32_t type, const uint8_t *plain, uint32_t length, uint8_t *out, uint32_t size);

#endif
