/* Start-up of the crypto side, randomness, hashes. */
#include "mbedtls/memory_buffer_alloc.h"
#include "tre_internal.h"

#define HEAP_SIZE (16 * 1024)

/* Not static: the benchmark looks how far it is used. */
uint8_t tre_heap[HEAP_SIZE];
static uint8_t transfer[TRE_TRANSFER_SIZE];
mbedtls_ctr_drbg_context tre_drbg;
uint8_t tre_seal_key[32];
uint8_t tre_fingerprint_key[32];

static int entropy(void *context, unsigned char *out, size_t size) {
  (void)context;
  return board_entropy(out, (uint32_t)size) == 0 ? 0 : MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED;
}

int tre_random_octets(void *context, unsigned char *out, size_t size) {
  return mbedtls_ctr_drbg_random(context, out, size);
}

int tre_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *in, size_t length, uint8_t *out) {
  return mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), key, key_length, in, length, out);
}

static int32_t derive(const uint8_t *root, const char *label, uint8_t *out) {
  return tre_hmac_sha256(root, 32, (const uint8_t *)label, strlen(label), out) == 0 ? 0 : TRE_ERROR_GENERIC;
}

int32_t tre_init(void) {
  uint8_t root[32];
  mbedtls_memory_buffer_alloc_init(tre_heap, sizeof tre_heap);
  mbedtls_ctr_drbg_init(&tre_drbg);
  if (mbedtls_ctr_drbg_seed(&tre_drbg, entropy, NULL, (const uint8_t *)"TRE", 3) != 0) return TRE_ERROR_INSUFFICIENT_ENTROPY;
  if (board_root_key(root, sizeof root) != 0) return TRE_ERROR_CORRUPT;
  int32_t failed = derive(root, "TRE seal", tre_seal_key);
  if (failed == 0) failed = derive(root, "TRE fingerprint", tre_fingerprint_key);
  mbedtls_platform_zeroize(root, sizeof root);
  return failed;
}

uint8_t *tre_transfer(void) { return transfer; }
uint32_t tre_transfer_size(void) { return sizeof transfer; }

int32_t tre_random(uint8_t *out, uint32_t size) {
  while (size > 0) {
    uint32_t step = size > MBEDTLS_CTR_DRBG_MAX_REQUEST ? MBEDTLS_CTR_DRBG_MAX_REQUEST : size;
    if (mbedtls_ctr_drbg_random(&tre_drbg, out, step) != 0) return TRE_ERROR_INSUFFICIENT_ENTROPY;
    out += step;
    size -= step;
  }
  return 0;
}

int32_t tre_hash_compute(uint32_t alg, const uint8_t *in, uint32_t in_length, uint8_t *out, uint32_t size) {
  mbedtls_md_type_t type = alg == TRE_HASH_SHA1 ? MBEDTLS_MD_SHA1 : alg == TRE_HASH_SHA256 ? MBEDTLS_MD_SHA256 : MBEDTLS_MD_NONE;
  const mbedtls_md_info_t *info = mbedtls_md_info_from_type(type);
  if (info == NULL) return TRE_ERROR_NOT_SUPPORTED;
  if (size < mbedtls_md_get_size(info)) return TRE_ERROR_BUFFER_TOO_SMALL;
  return mbedtls_md(info, in, in_length, out) == 0 ? mbedtls_md_get_size(info) : TRE_ERROR_GENERIC;
}
