/* What K, OPc and DM passwords are used for. */
#include "mbedtls/base64.h"
#include "tre_internal.h"

/* OUT2, OUT3 and OUT4. */
#define F2_TO_F5 3

static inline block_words read_block(const uint8_t *at) {
  block_words block;
  memcpy(&block, at, BLOCK);
  return block;
}

static inline void xor_into(block_words *to, const block_words *from) {
  for (int i = 0; i < BLOCK / 4; i++) to->word[i] ^= from->word[i];
}

/* out = rot(in, r), left rotation by r bits (TS 35.206 clause 4.1). */
static void rotate(const block_words *in, uint32_t r, block_words *out) {
  if (r % 32 == 0) {
    /* So are r1 to r5 of clause 4.1. */
    for (uint32_t i = 0; i < BLOCK / 4; i++) out->word[i] = in->word[(i + r / 32) % (BLOCK / 4)];
    return;
  }
  const uint8_t *from = (const uint8_t *)in;
  uint8_t *to = (uint8_t *)out;
  uint32_t octets = r / 8, bits = r % 8;
  memcpy(to, from + octets, BLOCK - octets);
  memcpy(to + BLOCK - octets, from, octets);
  if (bits == 0) return;
  uint8_t first = to[0];
  for (int i = 0; i < BLOCK; i++) {
    uint8_t next = i + 1 < BLOCK ? to[i + 1] : first;
    to[i] = (uint8_t)((to[i] << bits) | (next >> (8 - bits)));
  }
}

/* Wiped as words, and not by a call that goes octet by octet: it is a good part of a run on a small core. */
static inline void wipe(void *at, uint32_t size) {
  volatile uint32_t *word = at;
  for (uint32_t i = 0; i < size / 4; i++) word[i] = 0;
}

static int is_same(const block_words *one, const block_words *other) {
  uint32_t differs = 0;
  for (int i = 0; i < BLOCK / 4; i++) differs |= one->word[i] ^ other->word[i];
  return differs == 0;
}

static void forget_temp(key_slot *slot) {
  wipe(&slot->temp, BLOCK);
  slot->has_temp = 0;
}

static int encrypt(key_slot *slot, const block_words *in, block_words *out) {
  return mbedtls_aes_crypt_ecb(&slot->aes, MBEDTLS_AES_ENCRYPT, (const uint8_t *)in, (uint8_t *)out) == 0;
}

/* TEMP = E_K(RAND xor OPc), into the slot; 1 where it was there already. */
static int aka_temp(key_slot *slot, const block_words *opc, const uint8_t *rand_octets) {
  block_words rand = read_block(rand_octets);
  if (slot->has_temp && is_same(&slot->rand, &rand)) return 1;
  slot->rand = rand;
  slot->temp = rand;
  xor_into(&slot->temp, opc);
  slot->has_temp = encrypt(slot, &slot->temp, &slot->temp);
  return 0;
}

/* What a run works with, wiped at its end. */
typedef struct {
  block_words opc, mixed /* TEMP xor OPc */, block;
} aka_run;

/* One output of MILENAGE; see tre_crypto.h. False where AES fails. */
static int aka_block(key_slot *slot, aka_run *run, const uint8_t *record, uint8_t *out) {
  block_words *block = &run->block;
  uint32_t r = record[0] & 0x7f;
  block_words x = read_block(record + 1);
  if (record[0] & TRE_AKA_TEMP_AS_IS) {
    rotate(&run->opc, r, block);
    xor_into(block, &slot->temp);
  } else {
    rotate(&run->mixed, r, block);
  }
  xor_into(block, &x);
  if (!encrypt(slot, block, block)) return 0;
  xor_into(block, &run->opc);
  memcpy(out, block, BLOCK);
  return 1;
}

int32_t tre_aka_encrypt(uint32_t key, const uint8_t *rand, uint32_t rand_length, const uint8_t *in, uint32_t in_length,
                        uint8_t *out, uint32_t size) {
  key_slot *slot = tre_slot_of(key, TRE_KEY_AKA);
  uint32_t records = in_length / (BLOCK + 1);
  if (slot == NULL) return TRE_ERROR_INVALID_HANDLE;
  if (rand_length != BLOCK || in_length % (BLOCK + 1) != 0 || size < records * BLOCK) return TRE_ERROR_INVALID_ARGUMENT;
  aka_run run = {.opc = read_block(slot->secret + BLOCK)};
  int again = aka_temp(slot, &run.opc, rand);
  run.mixed = slot->temp;
  xor_into(&run.mixed, &run.opc);
  int ok = slot->has_temp;
  for (uint32_t n = 0; n < records && ok; n++) ok = aka_block(slot, &run, in + n * (BLOCK + 1), out + n * BLOCK);
  /* One run follows the one for f2 to f5; nothing of it outlives the command. */
  if (again || !ok || records != F2_TO_F5) forget_temp(slot);
  wipe(&run, sizeof run);
  return ok ? (int32_t)(records * BLOCK) : TRE_ERROR_GENERIC;
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
