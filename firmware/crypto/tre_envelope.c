/* Protected data, B.2.3.6. */
#include "mbedtls/constant_time.h"
#include "mbedtls/ecdh.h"
#include "mbedtls/gcm.h"
#include "mbedtls/hkdf.h"
#include "mbedtls/rsa.h"
#include "tre_internal.h"

#define MAX_ENVELOPE 2048
/* Suite 3: an uncompressed point of P-256, the wrapped PIK | PCK, and the tag of GCM. */
#define POINT 65
#define COORDINATE 32
#define TAG 16

typedef struct {
  int open;
  uint8_t tag;
  uint8_t version[4];
  uint32_t public_length;
  uint32_t secret_length;
  uint32_t size;
  uint8_t *data; /* the payload behind its public_length */
} envelope_slot;

static envelope_slot envelope;

typedef struct {
  uint32_t key_type; /* of the key that unwraps */
  uint32_t wrapped;  /* octets of PuKTRE(PIK|PCK) */
  uint32_t integrity; /* octets of PIK */
  uint32_t confidentiality;
  mbedtls_md_type_t hash;
} suite_shape;

static int suite_of(uint8_t number, suite_shape *shape) {
  switch (number) {
    case 1: *shape = (suite_shape){TRE_KEY_RSA_DECRYPT, RSA_BITS / 8, 20, 16, MBEDTLS_MD_SHA1}; return 0;
    case 2: *shape = (suite_shape){TRE_KEY_RSA_DECRYPT, RSA_BITS / 8, 32, 32, MBEDTLS_MD_SHA256}; return 0;
    case 3: *shape = (suite_shape){TRE_KEY_P256_DECRYPT, POINT + 64 + TAG, 32, 32, MBEDTLS_MD_SHA256}; return 0;
    default: return -1;
  }
}

static uint32_t read_u32(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* tag | payload_length | payload | version | 0x80 00..., payload = public_length | public | secret. */
static int32_t read_data(uint8_t *data, uint32_t length) {
  if (length < 12) return TRE_ERROR_CORRUPT;
  uint32_t payload = read_u32(data + 1);
  if (payload < 2 || payload > length - 10) return TRE_ERROR_CORRUPT;
  const uint8_t *padding = data + 9 + payload;
  uint32_t padding_length = length - 9 - payload;
  if (padding_length > BLOCK || padding[0] != 0x80) return TRE_ERROR_CORRUPT;
  for (uint32_t i = 1; i < padding_length; i++)
    if (padding[i] != 0) return TRE_ERROR_CORRUPT;
  uint32_t public_length = (uint32_t)data[5] << 8 | data[6];
  if (public_length > payload - 2) return TRE_ERROR_CORRUPT;
  envelope.tag = data[0];
  memcpy(envelope.version, data + 5 + payload, 4);
  envelope.public_length = public_length;
  envelope.secret_length = payload - 2 - public_length;
  envelope.data = data + 7;
  return 0;
}

static void *opened; /* the allocation that envelope.data points into */

int32_t tre_envelope_close(uint32_t handle) {
  if (handle != 1 || !envelope.open) return TRE_ERROR_INVALID_HANDLE;
  mbedtls_platform_zeroize(opened, envelope.size);
  mbedtls_free(opened);
  opened = NULL;
  memset(&envelope, 0, sizeof envelope);
  return 0;
}

/* PIK | PCK under RSA-OAEP. */
static int unwrap_oaep(key_slot *slot, const suite_shape *suite, const uint8_t *wrapped, uint8_t *out) {
  uint8_t plain[RSA_BITS / 8];
  size_t length = 0;
  uint32_t wanted = suite->integrity + suite->confidentiality;
  mbedtls_rsa_context *rsa = mbedtls_pk_rsa(slot->pair);
  int failed = mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, suite->hash) != 0 ||
               mbedtls_rsa_rsaes_oaep_decrypt(rsa, tre_random_octets, &tre_drbg, NULL, 0, &length, wrapped, plain,
                                              sizeof plain) != 0 ||
               length != wanted;
  if (!failed) memcpy(out, plain, wanted);
  mbedtls_platform_zeroize(plain, sizeof plain);
  return failed;
}

/* x of the product of our key and the point; a point that is not on the curve is refused. */
static int shared_x(key_slot *slot, const uint8_t *point, uint8_t *out) {
  mbedtls_ecp_keypair *pair = mbedtls_pk_ec(slot->pair);
  mbedtls_ecp_group *group = &pair->MBEDTLS_PRIVATE(grp);
  mbedtls_ecp_point other;
  mbedtls_mpi x;
  mbedtls_ecp_point_init(&other);
  mbedtls_mpi_init(&x);
  int failed = mbedtls_ecp_point_read_binary(group, &other, point, POINT) != 0 || mbedtls_ecp_check_pubkey(group, &other) != 0 ||
               mbedtls_ecdh_compute_shared(group, &x, &other, &pair->MBEDTLS_PRIVATE(d), tre_random_octets, &tre_drbg) != 0 ||
               mbedtls_mpi_write_binary(&x, out, COORDINATE) != 0;
  mbedtls_ecp_point_free(&other);
  mbedtls_mpi_free(&x);
  return failed;
}

/* PIK | PCK under ECIES: ephemeral point | AES-256-GCM | tag. */
static int unwrap_ecies(key_slot *slot, const suite_shape *suite, const uint8_t *wrapped, uint8_t *out) {
  static const uint8_t info[] = "TRE suite 3";
  static const uint8_t nonce[12] = {0};
  static const uint8_t number = 3;
  uint8_t x[COORDINATE], key[32], plain[64];
  uint32_t wanted = suite->integrity + suite->confidentiality;
  const uint8_t *body = wrapped + POINT;
  mbedtls_gcm_context gcm;
  mbedtls_gcm_init(&gcm);
  int failed = wanted != sizeof plain || shared_x(slot, wrapped, x) != 0 ||
               mbedtls_hkdf(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), wrapped, POINT, x, sizeof x, info, sizeof info - 1, key,
                            sizeof key) != 0 ||
               mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 256) != 0 ||
               mbedtls_gcm_auth_decrypt(&gcm, wanted, nonce, sizeof nonce, &number, 1, body + wanted, TAG, body, plain) != 0;
  if (!failed) memcpy(out, plain, wanted);
  mbedtls_gcm_free(&gcm);
  mbedtls_platform_zeroize(x, sizeof x);
  mbedtls_platform_zeroize(key, sizeof key);
  mbedtls_platform_zeroize(plain, sizeof plain);
  return failed;
}

/*
 * A failure yields random keys, so that the MAC fails instead and the caller cannot tell a bad wrap from
 * a bad MAC.
 */
static int unwrap(key_slot *slot, const suite_shape *suite, const uint8_t *wrapped, uint8_t *out) {
  if (tre_random(out, suite->integrity + suite->confidentiality) != 0) return -1;
  if (suite->key_type == TRE_KEY_P256_DECRYPT) (void)unwrap_ecies(slot, suite, wrapped, out);
  else (void)unwrap_oaep(slot, suite, wrapped, out);
  return 0;
}

int32_t tre_envelope_open(uint32_t key, const uint8_t *object, uint32_t length) {
  suite_shape suite;
  uint8_t wrapped_keys[64];
  uint8_t mac[32];
  key_slot *slot = tre_slot_of(key, 0);
  if (slot == NULL || (slot->type != TRE_KEY_RSA_DECRYPT && slot->type != TRE_KEY_P256_DECRYPT)) return TRE_ERROR_INVALID_HANDLE;
  if (envelope.open) return TRE_ERROR_INSUFFICIENT_MEMORY;
  if (length < 1 || suite_of(object[0], &suite) != 0 || suite.key_type != slot->type) return TRE_ERROR_NOT_SUPPORTED;
  uint32_t mac_length = suite.integrity;
  uint32_t head = 1 + suite.wrapped;
  if (length > MAX_ENVELOPE || length < head + 2 * BLOCK + mac_length) return TRE_ERROR_CORRUPT;
  const uint8_t *enc = object + head;
  uint32_t enc_length = length - head - mac_length;
  if (enc_length % BLOCK != 0) return TRE_ERROR_CORRUPT;

  if (unwrap(slot, &suite, object + 1, wrapped_keys) != 0) return TRE_ERROR_GENERIC;
  int32_t result = TRE_ERROR_CORRUPT;
  const uint8_t *pck = wrapped_keys + suite.integrity;
  if (mbedtls_md_hmac(mbedtls_md_info_from_type(suite.hash), wrapped_keys, suite.integrity, enc, enc_length, mac) == 0 &&
      mbedtls_ct_memcmp(mac, enc + enc_length, mac_length) == 0) {
    uint32_t data_length = enc_length - BLOCK;
    uint8_t iv[BLOCK];
    mbedtls_aes_context aes;
    memcpy(iv, enc, BLOCK);
    mbedtls_aes_init(&aes);
    opened = mbedtls_calloc(1, data_length);
    result = TRE_ERROR_INSUFFICIENT_MEMORY;
    if (opened != NULL) {
      envelope.open = 1;
      envelope.size = data_length;
      result = mbedtls_aes_setkey_dec(&aes, pck, suite.confidentiality * 8) == 0 &&
                       mbedtls_aes_crypt_cbc(&aes, MBEDTLS_AES_DECRYPT, data_length, iv, enc + BLOCK, opened) == 0
                   ? read_data(opened, data_length)
                   : TRE_ERROR_GENERIC;
      if (result != 0) tre_envelope_close(1);
    }
    mbedtls_aes_free(&aes);
  }
  mbedtls_platform_zeroize(wrapped_keys, sizeof wrapped_keys);
  mbedtls_platform_zeroize(mac, sizeof mac);
  return result == 0 ? 1 : result;
}

int32_t tre_envelope_read(uint32_t handle, uint8_t *out, uint32_t size) {
  if (handle != 1 || !envelope.open) return TRE_ERROR_INVALID_HANDLE;
  if (size < 9 + envelope.public_length) return TRE_ERROR_BUFFER_TOO_SMALL;
  out[0] = envelope.tag;
  memcpy(out + 1, envelope.version, 4);
  for (int i = 0; i < 4; i++) out[5 + i] = (uint8_t)(envelope.secret_length >> (24 - 8 * i));
  memcpy(out + 9, envelope.data, envelope.public_length);
  return (int32_t)(9 + envelope.public_length);
}

int32_t tre_envelope_import(uint32_t handle, uint32_t type, uint32_t offset, uint32_t length, uint8_t *sealed,
                            uint32_t size) {
  if (handle != 1 || !envelope.open) return TRE_ERROR_INVALID_HANDLE;
  if (type != TRE_KEY_AKA && type != TRE_KEY_PASSWORD) return TRE_ERROR_NOT_PERMITTED;
  if (offset > envelope.secret_length || length > envelope.secret_length - offset) return TRE_ERROR_INVALID_ARGUMENT;
  if (length == 0 || length > MAX_PASSWORD || (type == TRE_KEY_AKA && length != 2 * BLOCK)) return TRE_ERROR_INVALID_ARGUMENT;
  return tre_seal(type, envelope.data + envelope.public_length + offset, length, sealed, size);
}
