/* Signatures under certificates, and what certificates say. */
#include "mbedtls/ecdsa.h"
#include "mbedtls/oid.h"
#include "mbedtls/x509_crt.h"
#include "tre_internal.h"

/* id-TRE, an arc of our own for the extended key usage of CertTRE: 1.3.6.1.3.33812.1 */
static const uint8_t tre_usage_oid[] = {0x2b, 0x06, 0x01, 0x03, 0x82, 0x88, 0x14, 0x01};

/*
 * Reads a certificate whose key and signature are of a kind that the TRE verifies with; 0, or NOT_SUPPORTED for every
 * other kind (documents.md, "CertSHO and CertPVA"). An exponent of thousands of bits would keep the TRE busy for minutes.
 */
static int32_t parse(mbedtls_x509_crt *crt, const uint8_t *cert, uint32_t length) {
  int status = mbedtls_x509_crt_parse_der(crt, cert, length);
  if (status == 0 && mbedtls_pk_get_type(&crt->pk) == MBEDTLS_PK_RSA) {
    const size_t bits = mbedtls_pk_get_bitlen(&crt->pk);
    const size_t exponent = mbedtls_mpi_bitlen(&mbedtls_pk_rsa(crt->pk)->MBEDTLS_PRIVATE(E));
    return bits < RSA_BITS || bits > MAX_RSA_BITS || exponent > 32 ? TRE_ERROR_NOT_SUPPORTED : 0;
  }
  switch (-(-status & 0xff80)) {
    case 0:
      return 0;
    case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG:
    case MBEDTLS_ERR_X509_INVALID_ALG: /* which is RSASSA-PSS by its parameters */
    case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
    case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
      return TRE_ERROR_NOT_SUPPORTED;
    default:
      return TRE_ERROR_INVALID_ARGUMENT;
  }
}

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
  int32_t result = parse(&crt, cert, cert_length);
  if (result == 0 && verify_with(alg, &crt.pk, hash, signature, signature_length) != 0) result = TRE_ERROR_INVALID_SIGNATURE;
  mbedtls_x509_crt_free(&crt);
  return result;
}

/* anyExtendedKeyUsage, or a second usage, is none. */
static int has_only_tre_usage(const mbedtls_x509_crt *crt) {
  const mbedtls_asn1_sequence *usage = &crt->ext_key_usage;
  return usage->next == NULL && usage->buf.len == sizeof tre_usage_oid &&
         memcmp(usage->buf.p, tre_usage_oid, sizeof tre_usage_oid) == 0;
}

/* The next element with this tag; its content begins at `*at`. False where there is none. */
static int enter(uint8_t **at, const uint8_t *end, int tag, size_t *length) {
  return mbedtls_asn1_get_tag(at, end, length, tag) == 0;
}

/*
 * BasicConstraints with cA TRUE in DER (RFC 5280 clause 4.2.1.9). Mbed TLS 3.6.6 takes other values of the extension for it,
 * too (CVE-2026-49300).
 */
static int is_ca(const mbedtls_x509_crt *crt) {
  static const uint8_t name[] = {0x55, 0x1d, 0x13};
  static const uint8_t ca[] = {0x01, 0x01, 0xff};
  uint8_t *at = crt->v3_ext.p;
  const uint8_t *end = at + crt->v3_ext.len;
  size_t length;
  if (!crt->MBEDTLS_PRIVATE(ca_istrue) || !enter(&at, end, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE, &length)) return 0;
  while (enter(&at, end, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE, &length)) {
    const uint8_t *next = at + length;
    int critical;
    if (!enter(&at, next, MBEDTLS_ASN1_OID, &length)) return 0;
    const int found = length == sizeof name && memcmp(at, name, sizeof name) == 0;
    at += length;
    if (found) {
      mbedtls_asn1_get_bool(&at, next, &critical);
      return enter(&at, next, MBEDTLS_ASN1_OCTET_STRING, &length) &&
             enter(&at, next, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE, &length) && length >= sizeof ca &&
             memcmp(at, ca, sizeof ca) == 0;
    }
    at = (uint8_t *)next;
  }
  return 0;
}

static uint16_t facts_flags(mbedtls_x509_crt *crt) {
  uint16_t flags = 0;
  if (is_ca(crt)) flags |= TRE_X509_CA;
  if (mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_KEY_USAGE)) {
    if (mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0) flags |= TRE_X509_DIGITAL_SIGNATURE;
    if (mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_KEY_ENCIPHERMENT) == 0) flags |= TRE_X509_KEY_ENCIPHERMENT;
    if (mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_KEY_AGREEMENT) == 0) flags |= TRE_X509_KEY_AGREEMENT;
  }
  if (mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE) && has_only_tre_usage(crt))
    flags |= TRE_X509_TRE_USAGE;
  if (mbedtls_pk_get_type(&crt->pk) == MBEDTLS_PK_RSA && mbedtls_pk_get_bitlen(&crt->pk) == RSA_BITS) flags |= TRE_X509_RSA_2048;
  if (mbedtls_pk_get_type(&crt->pk) == MBEDTLS_PK_ECKEY && mbedtls_pk_get_bitlen(&crt->pk) == P256_BITS) flags |= TRE_X509_P256;
  if (mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_SUBJECT_ALT_NAME)) flags |= TRE_X509_DNS_NAME;
  return flags;
}

int32_t tre_x509_facts(const uint8_t *cert, uint32_t cert_length, uint8_t *out, uint32_t size) {
  mbedtls_x509_crt crt;
  mbedtls_x509_crt_init(&crt);
  int32_t result = parse(&crt, cert, cert_length);
  if (result == 0 && crt.raw.len != cert_length) result = TRE_ERROR_INVALID_ARGUMENT;
  if (result == 0) {
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
  if (!is_ca(ca) || mbedtls_x509_crt_check_key_usage(ca, MBEDTLS_X509_KU_KEY_CERT_SIGN) != 0) return 0;
  if (leaf->issuer_raw.len != ca->subject_raw.len ||
      memcmp(leaf->issuer_raw.p, ca->subject_raw.p, ca->subject_raw.len) != 0)
    return 0;
  return mbedtls_md(info, leaf->tbs.p, leaf->tbs.len, hash) == 0 &&
         mbedtls_pk_verify_ext(leaf->MBEDTLS_PRIVATE(sig_pk), leaf->MBEDTLS_PRIVATE(sig_opts), &ca->pk,
                               leaf->MBEDTLS_PRIVATE(sig_md), hash, mbedtls_md_get_size(info),
                               leaf->MBEDTLS_PRIVATE(sig).p, leaf->MBEDTLS_PRIVATE(sig).len) == 0;
}

int32_t tre_x509_verify(const uint8_t *cert, uint32_t cert_length, const uint8_t *issuer, uint32_t issuer_length) {
  mbedtls_x509_crt leaf, ca;
  mbedtls_x509_crt_init(&leaf);
  mbedtls_x509_crt_init(&ca);
  int32_t result = parse(&leaf, cert, cert_length);
  if (result == 0) result = parse(&ca, issuer, issuer_length);
  if (result == 0 && leaf.MBEDTLS_PRIVATE(sig_md) != MBEDTLS_MD_SHA256) result = TRE_ERROR_NOT_SUPPORTED;
  if (result == 0 && !is_signed_by(&leaf, &ca)) result = TRE_ERROR_INVALID_SIGNATURE;
  mbedtls_x509_crt_free(&leaf);
  mbedtls_x509_crt_free(&ca);
  return result;
}
