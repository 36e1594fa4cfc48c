/* What K, OPc and DM passwords are used for. */
#include "mbedtls/base64.h"
#include "tre_internal.h"

/* out = rot(in, r), left rotation by r bits (TS 35.206 clause 4.1). */
static void rotate(const uint8_t *in, uint32_t r, uint8_t *out) {
  uint32_t octets = r / 8, bits = r % 8;
  for (uint32_t i = 0; i < BLOCK; i++) {
    uint32_t pair = (uint32_t)in[(i + octets) % BLOCK] << 8 | in[(i + octets + 1) % BLOCK];
    out[i] = (uint8_t)(pair >> (8 - bits));
  }
}

static void xor_into(uint8_t *to, const uint8_t *from) {
  for (int i = 0; i < BLOCK; i++) to[i] ^= from[i];
}

/* One output of MILENAGE; see tre_crypto.h. `temp` is E_K(RAND xor OPc). */
static int aka_block(key_slot *slot, const uint8_t *temp, const uint8_t *record, uint8_t *out) {
  const uint8_t *opc = slot->secret + BLOCK;
  uint8_t mixed[BLOCK], block[BLOCK];
  uint32_t r = record[0] & 0x7f;
  if (record[0] & TRE_AKA_TEMP_AS_IS) {
    rotate(opc, r, block);
    xor_into(block, temp);
  } else {
    memcpy(mixed, temp, BLOCK);
    xor_into(mixed, opc);
    rotate(mixed, r, block);
  }
  xor_into(block, record + 1);
  int failed = mbedtls_aes_crypt_ecb(&slot->aes, MBEDTLS_AES_ENCRYPT, block, out);
  xor_into(out, opc);
  mbedtls_platform_zeroize(mixed, sizeof mixed);
  mbedtls_platform_zeroize(block, sizeof block);
  return failed;
}

int32_t tre_aka_encrypt(uint32_t key, const uint8_t *rand, uint32_t rand_length, const uint8_t *in, uint32_t in_length,
                        uint8_t *out, uint32_t size) {
  key_slot *slot = tre_slot_of(key, TRE_KEY_AKA);
  uint32_t records = in_length / (BLOCK + 1);
  uint8_t temp[BLOCK], block[BLOCK];
  if (slot == NULL) return TRE_ERROR_INVALID_HANDLE;
  if (rand_length != BLOCK || in_length % (BLOCK + 1) != 0 || size < records * BLOCK) return TRE_ERROR_INVALID_ARGUMENT;
  memcpy(block, rand, BLOCK);
  xor_into(block, slot->secret + BLOCK);
  int failed = mbedtls_aes_crypt_ecb(&slot->aes, MBEDTLS_AES_ENCRYPT, block, temp);
  for (uint32_t n = 0; n < records && !failed; n++)
    failed = aka_block(slot, temp, in + n * (BLOCK + 1), out + n * BLOCK);
  mbedtls_platform_zeroize(temp, sizeof temp);
  mbedtls_platform_zeroize(block, sizeof block);
  return failed ? TRE_ERROR_GENERIC : (int32_t)(records * BLOCK);
}

int32_t tre_aka_fingerprint(uint32_t key, uint8_t *out, uint32_t size) {
  uint8_t mac[32];
  key_slot *slot = tre_slot_of(key, TRE_KEY_AKA);
  if (slot == NULL) return TRE_ERROR_INVALID_HANDLE;
  if (size < BLOCK) return TRE_ERROR_BUFFER_TOO_SMALL;
  if (tre_hmac_sha256(tre_fingerprint_key, sizeof tre_fingerprint_key, slot->secret, BLOCK, mac) != 0) return TRE_ERROR_GENERIC;
  memcpy(out, mac, BLOCK);
  return BLOCK;
}

int32_t tre_dm_digest(uint32_t key, const uint8_t *user, uint32_t user_length, const uint8_t *nonce,
                      uint32_t nonce_length, uint8_t *out, uint32_t size) {
  key_slot *slot = tre_slot_of(key, TRE_KEY_PASSWORD);
  const mbedtls_md_info_t *md5 = mbedtls_md_info_from_type(MBEDTLS_MD_MD5);
  uint8_t digest[16];
  uint8_t text[25];
  size_t text_length = 0;
  if (slot == NULL) return TRE_ERROR_INVALID_HANDLE;
  if (size < sizeof digest) return TRE_ERROR_BUFFER_TOO_SMALL;
  mbedtls_md_context_t md;
  mbedtls_md_init(&md);
  int failed = mbedtls_md_setup(&md, md5, 0) != 0 || mbedtls_md_starts(&md) != 0 ||
               mbedtls_md_update(&md, user, user_length) != 0 || mbedtls_md_update(&md, (const uint8_t *)":", 1) != 0 ||
               mbedtls_md_update(&md, slot->secret, slot->secret_length) != 0 || mbedtls_md_finish(&md, digest) != 0 ||
               mbedtls_base64_encode(text, sizeof text, &text_length, digest, sizeof digest) != 0 ||
               mbedtls_md_starts(&md) != 0 || mbedtls_md_update(&md, text, text_length) != 0 ||
               mbedtls_md_update(&md, (const uint8_t *)":", 1) != 0 || mbedtls_md_update(&md, nonce, nonce_length) != 0 ||
               mbedtls_md_finish(&md, out) != 0;
  mbedtls_md_free(&md);
  mbedtls_platform_zeroize(digest, sizeof digest);
  mbedtls_platform_zeroize(text, sizeof text);
  return failed ? TRE_ERROR_GENERIC : (int32_t)sizeof digest;
}
