/* Keys as handles and sealed blobs; key pairs and what they sign. */
#include "mbedtls/gcm.h"
#include "mbedtls/rsa.h"
#include "mbedtls/x509_csr.h"
#include "tre_internal.h"

#define KEY_SLOTS 6
#define SEAL_NONCE 12
#define SEAL_TAG 16
#define SEAL_OVERHEAD (1 + SEAL_NONCE + SEAL_TAG)
#define MAX_PRIVATE_KEY 1280

static key_slot keys[KEY_SLOTS];

/* type | nonce | ciphertext | tag under the seal key; the type is authenticated with it. */
int32_t tre_seal(uint32_t type, const uint8_t *plain, uint32_t length, uint8_t *out, uint32_t size) {
  if (size < length + SEAL_OVERHEAD) return TRE_ERROR_BUFFER_TOO_SMALL;
  mbedtls_gcm_context gcm;
  mbedtls_gcm_init(&gcm);
  uint8_t *nonce = out + 1;
  uint8_t *body = nonce + SEAL_NONCE;
  out[0] = (uint8_t)type;
  int failed = tre_random(nonce, SEAL_NONCE) != 0 || mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, tre_seal_key, 256) != 0 ||
               mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, length, nonce, SEAL_NONCE, out, 1, plain, body, SEAL_TAG,
                                         body + length) != 0;
  mbedtls_gcm_free(&gcm);
  return failed ? TRE_ERROR_GENERIC : (int32_t)(length + SEAL_OVERHEAD);
}

static int32_t unseal(const uint8_t *sealed, uint32_t length, uint8_t *plain, uint32_t size) {
  if (length <= SEAL_OVERHEAD || length - SEAL_OVERHEAD > size) return TRE_ERROR_INVALID_ARGUMENT;
  uint32_t body_length = length - SEAL_OVERHEAD;
  const uint8_t *nonce = sealed + 1;
  const uint8_t *body = nonce + SEAL_NONCE;
  mbedtls_gcm_context gcm;
  mbedtls_gcm_init(&gcm);
  int failed = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, tre_seal_key, 256) != 0 ||
               mbedtls_gcm_auth_decrypt(&gcm, body_length, nonce, SEAL_NONCE, sealed, 1, body + body_length, SEAL_TAG, body,
                                        plain) != 0;
  mbedtls_gcm_free(&gcm);
  return failed ? TRE_ERROR_CORRUPT : (int32_t)body_length;
}

key_slot *tre_slot_of(uint32_t key, uint32_t type) {
  if (key == 0 || key > KEY_SLOTS) return NULL;
  key_slot *slot = &keys[key - 1];
  return slot->type != 0 && (type == 0 || slot->type == type) ? slot : NULL;
}

static void free_slot(key_slot *slot) {
  mbedtls_pk_free(&slot->pair);
  mbedtls_aes_free(&slot->aes);
  mbedtls_platform_zeroize(slot, sizeof *slot);
}

static int is_key_pair(uint32_t type) {
  return type == TRE_KEY_RSA_SIGN || type == TRE_KEY_RSA_DECRYPT || type == TRE_KEY_P256_DECRYPT;
}

static int make_pair(uint32_t type, mbedtls_pk_context *pair) {
  if (type == TRE_KEY_P256_DECRYPT)
    return mbedtls_pk_setup(pair, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) != 0 ||
           mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*pair), tre_random_octets, &tre_drbg) != 0;
  return mbedtls_pk_setup(pair, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)) != 0 ||
         mbedtls_rsa_gen_key(mbedtls_pk_rsa(*pair), tre_random_octets, &tre_drbg, RSA_BITS, 65537) != 0;
}

static unsigned int usage_of(uint32_t type) {
  if (type == TRE_KEY_RSA_SIGN) return MBEDTLS_X509_KU_DIGITAL_SIGNATURE;
  return type == TRE_KEY_RSA_DECRYPT ? MBEDTLS_X509_KU_KEY_ENCIPHERMENT : MBEDTLS_X509_KU_KEY_AGREEMENT;
}

int32_t tre_generate_key(uint32_t type, uint8_t *sealed, uint32_t size) {
  if (!is_key_pair(type)) return TRE_ERROR_NOT_SUPPORTED;
  mbedtls_pk_context pair;
  mbedtls_pk_init(&pair);
  uint8_t der[MAX_PRIVATE_KEY];
  int32_t result = TRE_ERROR_GENERIC;
  if (make_pair(type, &pair) == 0) {
    int length = mbedtls_pk_write_key_der(&pair, der, sizeof der);
    /* Mbed TLS writes DER at the end of the buffer. */
    if (length > 0) result = tre_seal(type, der + sizeof der - length, (uint32_t)length, sealed, size);
  }
  mbedtls_platform_zeroize(der, sizeof der);
  mbedtls_pk_free(&pair);
  return result;
}

static int load_key(key_slot *slot, uint32_t type, const uint8_t *plain, uint32_t length) {
  mbedtls_pk_init(&slot->pair);
  mbedtls_aes_init(&slot->aes);
  if (is_key_pair(type)) return mbedtls_pk_parse_key(&slot->pair, plain, length, NULL, 0, tre_random_octets, &tre_drbg);
  if (length > sizeof slot->secret) return -1;
  memcpy(slot->secret, plain, length);
  slot->secret_length = length;
  if (type == TRE_KEY_AKA) return length == 2 * BLOCK ? mbedtls_aes_setkey_enc(&slot->aes, plain, 128) : -1;
  return type == TRE_KEY_PASSWORD ? 0 : -1;
}

int32_t tre_import_sealed(const uint8_t *sealed, uint32_t length) {
  uint8_t plain[MAX_PRIVATE_KEY];
  int32_t plain_length = unseal(sealed, length, plain, sizeof plain);
  if (plain_length < 0) return plain_length;
  int32_t result = TRE_ERROR_INSUFFICIENT_MEMORY;
  for (uint32_t i = 0; i < KEY_SLOTS; i++) {
    if (keys[i].type != 0) continue;
    if (load_key(&keys[i], sealed[0], plain, (uint32_t)plain_length) == 0) {
      keys[i].type = sealed[0];
      result = (int32_t)(i + 1);
    } else {
      free_slot(&keys[i]);
      result = TRE_ERROR_CORRUPT;
    }
    break;
  }
  mbedtls_platform_zeroize(plain, sizeof plain);
  return result;
}

int32_t tre_destroy_key(uint32_t key) {
  key_slot *slot = tre_slot_of(key, 0);
  if (slot == NULL) return TRE_ERROR_INVALID_HANDLE;
  free_slot(slot);
  return 0;
}

/* Mbed TLS writes DER at the end of its buffer; callers of this boundary find it at the start. */
static int32_t to_front(uint8_t *out, uint32_t size, int length) {
  if (length < 0) return TRE_ERROR_BUFFER_TOO_SMALL;
  memmove(out, out + size - length, (size_t)length);
  return length;
}

int32_t tre_export_public_key(uint32_t key, uint8_t *out, uint32_t size) {
  key_slot *slot = tre_slot_of(key, 0);
  if (slot == NULL || !is_key_pair(slot->type)) return TRE_ERROR_INVALID_HANDLE;
  return to_front(out, size, mbedtls_pk_write_pubkey_der(&slot->pair, out, size));
}

int32_t tre_write_csr(uint32_t key, const uint8_t *cn, uint32_t cn_length, uint8_t *out, uint32_t size) {
  key_slot *slot = tre_slot_of(key, 0);
  char subject[3 + 64 + 1] = "CN=";
  if (slot == NULL || !is_key_pair(slot->type)) return TRE_ERROR_INVALID_HANDLE;
  if (cn_length > 64) return TRE_ERROR_INVALID_ARGUMENT;
  memcpy(subject + 3, cn, cn_length);
  /* A copied padding mode of PSS would make the CSR's signature PSS under a v1.5 OID. */
  if (slot->type != TRE_KEY_P256_DECRYPT) mbedtls_rsa_set_padding(mbedtls_pk_rsa(slot->pair), MBEDTLS_RSA_PKCS_V15, MBEDTLS_MD_NONE);
  mbedtls_x509write_csr csr;
  mbedtls_x509write_csr_init(&csr);
  mbedtls_x509write_csr_set_md_alg(&csr, MBEDTLS_MD_SHA256);
  mbedtls_x509write_csr_set_key(&csr, &slot->pair);
  int length = -1;
  if (mbedtls_x509write_csr_set_subject_name(&csr, subject) == 0 &&
      mbedtls_x509write_csr_set_key_usage(&csr, usage_of(slot->type)) == 0)
    length = mbedtls_x509write_csr_der(&csr, out, size, tre_random_octets, &tre_drbg);
  mbedtls_x509write_csr_free(&csr);
  return to_front(out, size, length);
}

int32_t tre_sign_hash(uint32_t key, const uint8_t *hash, uint32_t hash_length, uint8_t *out, uint32_t size) {
  key_slot *slot = tre_slot_of(key, TRE_KEY_RSA_SIGN);
  size_t length = 0;
  if (slot == NULL) return TRE_ERROR_INVALID_HANDLE;
  if (hash_length != 32) return TRE_ERROR_INVALID_ARGUMENT;
  mbedtls_rsa_set_padding(mbedtls_pk_rsa(slot->pair), MBEDTLS_RSA_PKCS_V15, MBEDTLS_MD_NONE);
  if (mbedtls_pk_sign(&slot->pair, MBEDTLS_MD_SHA256, hash, hash_length, out, size, &length, tre_random_octets, &tre_drbg) != 0)
    return TRE_ERROR_GENERIC;
  return (int32_t)length;
}
