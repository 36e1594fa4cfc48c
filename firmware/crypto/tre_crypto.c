#include "tre_crypto.h"

#include <string.h>

#include "mbedtls/base64.h"
#include "mbedtls/constant_time.h"
#include "mbedtls/ctr_drbg.h"
#include "mbedtls/ecdsa.h"
#include "mbedtls/gcm.h"
#include "mbedtls/md.h"
#include "mbedtls/memory_buffer_alloc.h"
#include "mbedtls/oid.h"
#include "mbedtls/pk.h"
#include "mbedtls/platform.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/rsa.h"
#include "mbedtls/x509_crt.h"
#include "mbedtls/x509_csr.h"

#define HEAP_SIZE (24 * 1024)
#define TRANSFER_SIZE (20 * 1024)
#define KEY_SLOTS 6
#define BLOCK 16
#define SEAL_NONCE 12
#define SEAL_TAG 16
#define SEAL_OVERHEAD (1 + SEAL_NONCE + SEAL_TAG)
#define MAX_PRIVATE_KEY 1280
#define MAX_ENVELOPE 2048
#define MAX_PASSWORD 64
#define RSA_BITS 2048

typedef struct {
  uint32_t type; /* 0: free */
  mbedtls_pk_context pair;
  mbedtls_aes_context aes;
  uint8_t secret[MAX_PASSWORD]; /* AKA: K | OPc */
  uint32_t secret_length;
} key_slot;

typedef struct {
  int open;
  uint8_t tag;
  uint8_t version[4];
  uint32_t public_length;
  uint32_t secret_length;
  uint32_t size;
  uint8_t *data; /* the payload behind its public_length */
} envelope_slot;

static uint8_t heap[HEAP_SIZE];
static uint8_t transfer[TRANSFER_SIZE];
static key_slot keys[KEY_SLOTS];
static envelope_slot envelope;
static mbedtls_ctr_drbg_context drbg;
static uint8_t seal_key[32];
static uint8_t fingerprint_key[32];

/* id-TRE, an arc of our own for the extended key usage of CertTRE: 1.3.6.1.3.33812.1 */
static const uint8_t tre_usage_oid[] = {0x2b, 0x06, 0x01, 0x03, 0x82, 0x88, 0x14, 0x01};

/* ---- life ---- */

static int entropy(void *context, unsigned char *out, size_t size) {
  (void)context;
  return board_entropy(out, (uint32_t)size) == 0 ? 0 : MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED;
}

static int random_octets(void *context, unsigned char *out, size_t size) {
  return mbedtls_ctr_drbg_random(context, out, size);
}

static int hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *in, size_t length, uint8_t *out) {
  return mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), key, key_length, in, length, out);
}

static int32_t derive(const uint8_t *root, const char *label, uint8_t *out) {
  return hmac_sha256(root, 32, (const uint8_t *)label, strlen(label), out) == 0 ? 0 : TRE_ERROR_GENERIC;
}

int32_t tre_init(void) {
  uint8_t root[32];
  mbedtls_memory_buffer_alloc_init(heap, sizeof heap);
  mbedtls_ctr_drbg_init(&drbg);
  if (mbedtls_ctr_drbg_seed(&drbg, entropy, NULL, (const uint8_t *)"TRE", 3) != 0) return TRE_ERROR_INSUFFICIENT_ENTROPY;
  if (board_root_key(root, sizeof root) != 0) return TRE_ERROR_CORRUPT;
  int32_t failed = derive(root, "TRE seal", seal_key);
  if (failed == 0) failed = derive(root, "TRE fingerprint", fingerprint_key);
  mbedtls_platform_zeroize(root, sizeof root);
  return failed;
}

uint8_t *tre_transfer(void) { return transfer; }
uint32_t tre_transfer_size(void) { return sizeof transfer; }

int32_t tre_random(uint8_t *out, uint32_t size) {
  while (size > 0) {
    uint32_t step = size > MBEDTLS_CTR_DRBG_MAX_REQUEST ? MBEDTLS_CTR_DRBG_MAX_REQUEST : size;
    if (mbedtls_ctr_drbg_random(&drbg, out, step) != 0) return TRE_ERROR_INSUFFICIENT_ENTROPY;
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

/* ---- keys ---- */

/* type | nonce | ciphertext | tag under the seal key; the type is authenticated with it. */
static int32_t seal(uint32_t type, const uint8_t *plain, uint32_t length, uint8_t *out, uint32_t size) {
  if (size < length + SEAL_OVERHEAD) return TRE_ERROR_BUFFER_TOO_SMALL;
  mbedtls_gcm_context gcm;
  mbedtls_gcm_init(&gcm);
  uint8_t *nonce = out + 1;
  uint8_t *body = nonce + SEAL_NONCE;
  out[0] = (uint8_t)type;
  int failed = tre_random(nonce, SEAL_NONCE) != 0 || mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, seal_key, 256) != 0 ||
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
  int failed = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, seal_key, 256) != 0 ||
               mbedtls_gcm_auth_decrypt(&gcm, body_length, nonce, SEAL_NONCE, sealed, 1, body + body_length, SEAL_TAG, body,
                                        plain) != 0;
  mbedtls_gcm_free(&gcm);
  return failed ? TRE_ERROR_CORRUPT : (int32_t)body_length;
}

static key_slot *slot_of(uint32_t key, uint32_t type) {
  if (key == 0 || key > KEY_SLOTS) return NULL;
  key_slot *slot = &keys[key - 1];
  return slot->type != 0 && (type == 0 || slot->type == type) ? slot : NULL;
}

static void free_slot(key_slot *slot) {
  mbedtls_pk_free(&slot->pair);
  mbedtls_aes_free(&slot->aes);
  mbedtls_platform_zeroize(slot, sizeof *slot);
}

static int is_key_pair(uint32_t type) { return type == TRE_KEY_RSA_SIGN || type == TRE_KEY_RSA_DECRYPT; }

int32_t tre_generate_key(uint32_t type, uint8_t *sealed, uint32_t size) {
  if (!is_key_pair(type)) return TRE_ERROR_NOT_SUPPORTED;
  mbedtls_pk_context pair;
  mbedtls_pk_init(&pair);
  uint8_t der[MAX_PRIVATE_KEY];
  int32_t result = TRE_ERROR_GENERIC;
  if (mbedtls_pk_setup(&pair, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)) == 0 &&
      mbedtls_rsa_gen_key(mbedtls_pk_rsa(pair), random_octets, &drbg, RSA_BITS, 65537) == 0) {
    int length = mbedtls_pk_write_key_der(&pair, der, sizeof der);
    /* Mbed TLS writes DER at the end of the buffer. */
    if (length > 0) result = seal(type, der + sizeof der - length, (uint32_t)length, sealed, size);
  }
  mbedtls_platform_zeroize(der, sizeof der);
  mbedtls_pk_free(&pair);
  return result;
}

static int load_key(key_slot *slot, uint32_t type, const uint8_t *plain, uint32_t length) {
  mbedtls_pk_init(&slot->pair);
  mbedtls_aes_init(&slot->aes);
  if (is_key_pair(type)) return mbedtls_pk_parse_key(&slot->pair, plain, length, NULL, 0, random_octets, &drbg);
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
  key_slot *slot = slot_of(key, 0);
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
  key_slot *slot = slot_of(key, 0);
  if (slot == NULL || !is_key_pair(slot->type)) return TRE_ERROR_INVALID_HANDLE;
  return to_front(out, size, mbedtls_pk_write_pubkey_der(&slot->pair, out, size));
}

int32_t tre_write_csr(uint32_t key, const uint8_t *cn, uint32_t cn_length, uint8_t *out, uint32_t size) {
  key_slot *slot = slot_of(key, 0);
  char subject[3 + 64 + 1] = "CN=";
  if (slot == NULL || !is_key_pair(slot->type)) return TRE_ERROR_INVALID_HANDLE;
  if (cn_length > 64) return TRE_ERROR_INVALID_ARGUMENT;
  memcpy(subject + 3, cn, cn_length);
  /* A copied padding mode of PSS would make the CSR's signature PSS under a v1.5 OID. */
  mbedtls_rsa_set_padding(mbedtls_pk_rsa(slot->pair), MBEDTLS_RSA_PKCS_V15, MBEDTLS_MD_NONE);
  mbedtls_x509write_csr csr;
  mbedtls_x509write_csr_init(&csr);
  mbedtls_x509write_csr_set_md_alg(&csr, MBEDTLS_MD_SHA256);
  mbedtls_x509write_csr_set_key(&csr, &slot->pair);
  int length = -1;
  if (mbedtls_x509write_csr_set_subject_name(&csr, subject) == 0 &&
      mbedtls_x509write_csr_set_key_usage(&csr, slot->type == TRE_KEY_RSA_SIGN ? MBEDTLS_X509_KU_DIGITAL_SIGNATURE
                                                                               : MBEDTLS_X509_KU_KEY_ENCIPHERMENT) == 0)
    length = mbedtls_x509write_csr_der(&csr, out, size, random_octets, &drbg);
  mbedtls_x509write_csr_free(&csr);
  return to_front(out, size, length);
}

int32_t tre_sign_hash(uint32_t key, const uint8_t *hash, uint32_t hash_length, uint8_t *out, uint32_t size) {
  key_slot *slot = slot_of(key, TRE_KEY_RSA_SIGN);
  size_t length = 0;
  if (slot == NULL) return TRE_ERROR_INVALID_HANDLE;
  if (hash_length != 32) return TRE_ERROR_INVALID_ARGUMENT;
  mbedtls_rsa_set_padding(mbedtls_pk_rsa(slot->pair), MBEDTLS_RSA_PKCS_V15, MBEDTLS_MD_NONE);
  if (mbedtls_pk_sign(&slot->pair, MBEDTLS_MD_SHA256, hash, hash_length, out, size, &length, random_octets, &drbg) != 0)
    return TRE_ERROR_GENERIC;
  return (int32_t)length;
}

/* ---- certificates ---- */

/* XML signatures carry r | s, 32 octets each, not DER (RFC 4050, XML-DSig 1.1 clause 6.4.3). */
static int verify_ecdsa(mbedtls_pk_context *pk, const uint8_t *hash, const uint8_t *signature, uint32_t length) {
  mbedtls_ecp_keypair *pair = mbedtls_pk_ec(*pk);
  mbedtls_mpi r, s;
  mbedtls_mpi_init(&r);
  mbedtls_mpi_init(&s);
  int failed = length != 64 || mbedtls_mpi_read_binary(&r, signature, 32) != 0 ||
               mbedtls_mpi_read_binary(&s, signature + 32, 32) != 0 ||
               mbedtls_ecdsa_verify(&pair->MBEDTLS_PRIVATE(grp), hash, 32, &pair->MBEDTLS_PRIVATE(Q), &r, &s) != 0;
  mbedtls_mpi_free(&r);
  mbedtls_mpi_free(&s);
  return failed;
}

static int verify_with(uint32_t alg, mbedtls_pk_context *pk, const uint8_t *hash, const uint8_t *signature,
                       uint32_t length) {
  if (alg == TRE_SIGN_ECDSA_SHA256)
    return mbedtls_pk_get_type(pk) != MBEDTLS_PK_ECKEY || verify_ecdsa(pk, hash, signature, length);
  return mbedtls_pk_get_type(pk) != MBEDTLS_PK_RSA || mbedtls_pk_verify(pk, MBEDTLS_MD_SHA256, hash, 32, signature, length);
}

int32_t tre_verify_hash(uint32_t alg, const uint8_t *cert, uint32_t cert_length, const uint8_t *hash,
                        uint32_t hash_length, const uint8_t *signature, uint32_t signature_length) {
  if (alg != TRE_SIGN_RSA_SHA256 && alg != TRE_SIGN_ECDSA_SHA256) return TRE_ERROR_NOT_SUPPORTED;
  if (hash_length != 32) return TRE_ERROR_INVALID_ARGUMENT;
  mbedtls_x509_crt crt;
  mbedtls_x509_crt_init(&crt);
  int32_t result = TRE_ERROR_INVALID_ARGUMENT;
  if (mbedtls_x509_crt_parse_der(&crt, cert, cert_length) == 0) {
    result = verify_with(alg, &crt.pk, hash, signature, signature_length) == 0 ? 0 : TRE_ERROR_INVALID_SIGNATURE;
  }
  mbedtls_x509_crt_free(&crt);
  return result;
}

/* anyExtendedKeyUsage, or a second usage, is none. */
static int has_only_tre_usage(const mbedtls_x509_crt *crt) {
  const mbedtls_asn1_sequence *usage = &crt->ext_key_usage;
  return usage->next == NULL && usage->buf.len == sizeof tre_usage_oid &&
         memcmp(usage->buf.p, tre_usage_oid, sizeof tre_usage_oid) == 0;
}

static uint16_t facts_flags(mbedtls_x509_crt *crt) {
  uint16_t flags = 0;
  if (crt->MBEDTLS_PRIVATE(ca_istrue)) flags |= TRE_X509_CA;
  if (mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_KEY_USAGE)) {
    if (mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0) flags |= TRE_X509_DIGITAL_SIGNATURE;
    if (mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_KEY_ENCIPHERMENT) == 0) flags |= TRE_X509_KEY_ENCIPHERMENT;
  }
  if (mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE) && has_only_tre_usage(crt))
    flags |= TRE_X509_TRE_USAGE;
  if (mbedtls_pk_get_type(&crt->pk) == MBEDTLS_PK_RSA && mbedtls_pk_get_bitlen(&crt->pk) == RSA_BITS) flags |= TRE_X509_RSA_2048;
  if (mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_SUBJECT_ALT_NAME)) flags |= TRE_X509_DNS_NAME;
  return flags;
}

int32_t tre_x509_facts(const uint8_t *cert, uint32_t cert_length, uint8_t *out, uint32_t size) {
  mbedtls_x509_crt crt;
  mbedtls_x509_crt_init(&crt);
  int32_t result = TRE_ERROR_INVALID_ARGUMENT;
  if (mbedtls_x509_crt_parse_der(&crt, cert, cert_length) == 0 && crt.raw.len == cert_length) {
    const mbedtls_asn1_named_data *cn = mbedtls_asn1_find_named_data(&crt.subject, MBEDTLS_OID_AT_CN, 3);
    size_t cn_length = cn == NULL ? 0 : cn->val.len;
    result = TRE_ERROR_BUFFER_TOO_SMALL;
    if (size >= 34 + cn_length) {
      uint16_t flags = facts_flags(&crt);
      out[0] = (uint8_t)(flags >> 8);
      out[1] = (uint8_t)flags;
      mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), crt.pk_raw.p, crt.pk_raw.len, out + 2);
      if (cn_length > 0) memcpy(out + 34, cn->val.p, cn_length);
      result = (int32_t)(34 + cn_length);
    }
  }
  mbedtls_x509_crt_free(&crt);
  return result;
}

/*
 * The signature of `leaf` under the key of `ca`, and `ca` may sign certificates. Not
 * mbedtls_x509_crt_verify: that takes a certificate equal to its trust anchor without looking at the signature.
 */
static int is_signed_by(mbedtls_x509_crt *leaf, mbedtls_x509_crt *ca) {
  uint8_t hash[64];
  const mbedtls_md_info_t *info = mbedtls_md_info_from_type(leaf->MBEDTLS_PRIVATE(sig_md));
  if (!ca->MBEDTLS_PRIVATE(ca_istrue) || mbedtls_x509_crt_check_key_usage(ca, MBEDTLS_X509_KU_KEY_CERT_SIGN) != 0) return 0;
  if (leaf->MBEDTLS_PRIVATE(sig_md) != MBEDTLS_MD_SHA256 || info == NULL) return 0;
  if (leaf->issuer_raw.len != ca->subject_raw.len ||
      memcmp(leaf->issuer_raw.p, ca->subject_raw.p, ca->subject_raw.len) != 0)
    return 0;
  if (mbedtls_pk_get_type(&ca->pk) == MBEDTLS_PK_RSA && mbedtls_pk_get_bitlen(&ca->pk) < RSA_BITS) return 0;
  return mbedtls_md(info, leaf->tbs.p, leaf->tbs.len, hash) == 0 &&
         mbedtls_pk_verify_ext(leaf->MBEDTLS_PRIVATE(sig_pk), leaf->MBEDTLS_PRIVATE(sig_opts), &ca->pk,
                               leaf->MBEDTLS_PRIVATE(sig_md), hash, mbedtls_md_get_size(info),
                               leaf->MBEDTLS_PRIVATE(sig).p, leaf->MBEDTLS_PRIVATE(sig).len) == 0;
}

int32_t tre_x509_verify(const uint8_t *cert, uint32_t cert_length, const uint8_t *issuer, uint32_t issuer_length) {
  mbedtls_x509_crt leaf, ca;
  mbedtls_x509_crt_init(&leaf);
  mbedtls_x509_crt_init(&ca);
  int32_t result = TRE_ERROR_INVALID_ARGUMENT;
  if (mbedtls_x509_crt_parse_der(&leaf, cert, cert_length) == 0 && mbedtls_x509_crt_parse_der(&ca, issuer, issuer_length) == 0)
    result = is_signed_by(&leaf, &ca) ? 0 : TRE_ERROR_INVALID_SIGNATURE;
  mbedtls_x509_crt_free(&leaf);
  mbedtls_x509_crt_free(&ca);
  return result;
}

/* ---- protected data ---- */

typedef struct {
  uint32_t integrity; /* octets of PIK */
  uint32_t confidentiality;
  mbedtls_md_type_t hash;
} suite_shape;

static int suite_of(uint8_t number, suite_shape *shape) {
  switch (number) {
    case 1: *shape = (suite_shape){20, 16, MBEDTLS_MD_SHA1}; return 0;
    case 2: *shape = (suite_shape){32, 32, MBEDTLS_MD_SHA256}; return 0;
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

/*
 * PIK | PCK under RSA-OAEP. A failure yields random keys, so that the MAC fails instead and the
 * caller cannot tell a bad wrap from a bad MAC.
 */
static int unwrap(key_slot *slot, const suite_shape *suite, const uint8_t *wrapped, uint8_t *out) {
  uint8_t plain[RSA_BITS / 8];
  size_t length = 0;
  uint32_t wanted = suite->integrity + suite->confidentiality;
  mbedtls_rsa_context *rsa = mbedtls_pk_rsa(slot->pair);
  if (tre_random(out, wanted) != 0) return -1;
  if (mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, suite->hash) != 0) return -1;
  if (mbedtls_rsa_rsaes_oaep_decrypt(rsa, random_octets, &drbg, NULL, 0, &length, wrapped, plain, sizeof plain) == 0 &&
      length == wanted)
    memcpy(out, plain, wanted);
  mbedtls_platform_zeroize(plain, sizeof plain);
  return 0;
}

int32_t tre_envelope_open(uint32_t key, const uint8_t *object, uint32_t length) {
  suite_shape suite;
  uint8_t wrapped_keys[64];
  uint8_t mac[32];
  key_slot *slot = slot_of(key, TRE_KEY_RSA_DECRYPT);
  if (slot == NULL) return TRE_ERROR_INVALID_HANDLE;
  if (envelope.open) return TRE_ERROR_INSUFFICIENT_MEMORY;
  if (length < 1 || suite_of(object[0], &suite) != 0) return TRE_ERROR_NOT_SUPPORTED;
  uint32_t mac_length = suite.integrity;
  uint32_t head = 1 + RSA_BITS / 8;
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
  return seal(type, envelope.data + envelope.public_length + offset, length, sealed, size);
}

/* ---- use of symmetric keys ---- */

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
  key_slot *slot = slot_of(key, TRE_KEY_AKA);
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
  key_slot *slot = slot_of(key, TRE_KEY_AKA);
  if (slot == NULL) return TRE_ERROR_INVALID_HANDLE;
  if (size < BLOCK) return TRE_ERROR_BUFFER_TOO_SMALL;
  if (hmac_sha256(fingerprint_key, sizeof fingerprint_key, slot->secret, BLOCK, mac) != 0) return TRE_ERROR_GENERIC;
  memcpy(out, mac, BLOCK);
  return BLOCK;
}

int32_t tre_dm_digest(uint32_t key, const uint8_t *user, uint32_t user_length, const uint8_t *nonce,
                      uint32_t nonce_length, uint8_t *out, uint32_t size) {
  key_slot *slot = slot_of(key, TRE_KEY_PASSWORD);
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
