/*
 * The crypto boundary on a core against plain C on the same Mbed TLS: instructions, into the file `measured` of QEMU's
 * working directory, a line "NAME OURS PLAIN" each.
 */
#include <string.h>

#include "machine.h"
#include "mbedtls/ecdsa.h"
#include "mbedtls/rsa.h"
#include "mbedtls/x509_crt.h"
#include "milenage.h"
#include "semihosting.h"
#include "stopwatch.h"
#include "tre_internal.h"

#define TIMES 20u

/* Places in the page. */
#define HASH 64u
#define SIGNATURE 128u
#define CERT 1024u

extern uint32_t Z_cryptoZ_sign_hash(void *, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
extern uint32_t Z_cryptoZ_verify_hash(void *, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);

static int32_t file = -1;
static uint32_t written;

static void put(const char *text) {
  uint32_t length = (uint32_t)strlen(text);
  host_write(file, written, (const uint8_t *)text, length);
  written += length;
}

static void put_number(uint64_t value) {
  char digits[24];
  char *at = digits + sizeof digits - 1;
  *at = 0;
  do *--at = (char)('0' + value % 10);
  while ((value /= 10) > 0);
  put(at);
}

static void put_row(const char *name, uint64_t ours, uint64_t plain) {
  put(name);
  put(" ");
  put_number(ours / TIMES);
  put(" ");
  put_number(plain / TIMES);
  put("\n");
}

/* MILENAGE as one writes it in C with the key schedule at hand (TS 35.206): f1 to f5, f1* beside f1. */
static void xor_block(uint8_t *to, const uint8_t *from) {
  for (int i = 0; i < 16; i++) to[i] ^= from[i];
}

static void rotated(const uint8_t *in, int octets, uint8_t *out) {
  for (int i = 0; i < 16; i++) out[i] = in[(i + octets) & 15];
}

static void plain_vector(mbedtls_aes_context *aes, const uint8_t *opc, const uint8_t *rand, const uint8_t *sqn,
                         const uint8_t *amf, uint8_t out[4][16]) {
  static const uint8_t turns[4] = {8, 0, 4, 8};
  uint8_t temp[16], in1[16], block[16], mixed[16];
  memcpy(block, rand, 16);
  xor_block(block, opc);
  mbedtls_aes_crypt_ecb(aes, MBEDTLS_AES_ENCRYPT, block, temp);
  for (int half = 0; half < 16; half += 8) {
    memcpy(in1 + half, sqn, 6);
    memcpy(in1 + half + 6, amf, 2);
  }
  memcpy(mixed, in1, 16);
  xor_block(mixed, opc);
  rotated(mixed, turns[0], block);
  xor_block(block, temp);
  mbedtls_aes_crypt_ecb(aes, MBEDTLS_AES_ENCRYPT, block, out[0]);
  xor_block(out[0], opc);
  for (int n = 1; n < 4; n++) {
    memcpy(mixed, temp, 16);
    xor_block(mixed, opc);
    rotated(mixed, turns[n], block);
    block[15] ^= (uint8_t)(1 << (n - 1));
    mbedtls_aes_crypt_ecb(aes, MBEDTLS_AES_ENCRYPT, block, out[n]);
    xor_block(out[n], opc);
  }
}

static int measure_milenage(void) {
  static Z_milenage_instance_t instance;
  static uint8_t sealed[64];
  uint8_t credential[32], out[4][16];
  tre_random(credential, sizeof credential);
  Z_milenage_init_module();
  Z_milenage_instantiate(&instance, NULL);
  int32_t key = tre_import_sealed(sealed, (uint32_t)tre_seal(TRE_KEY_AKA, credential, 32, sealed, sizeof sealed));
  if (key < 0) return -1;
  uint32_t at = Z_milenageZ_buffer(&instance);
  mbedtls_aes_context aes;
  mbedtls_aes_init(&aes);
  mbedtls_aes_setkey_enc(&aes, credential, 128);
  uint64_t ours = 0, plain = 0;
  for (uint32_t n = 0; n < TIMES; n++) {
    uint8_t input[24];
    tre_random(input, sizeof input);
    memcpy(machine_octets(at, 24), input, 24);
    Z_milenageZ_prepare(&instance);
    uint64_t begun = stopwatch();
    Z_milenageZ_vector(&instance, (uint32_t)key);
    ours += stopwatch() - begun;
    Z_milenageZ_collect(&instance);
    begun = stopwatch();
    plain_vector(&aes, credential + 16, input, input + 16, input + 22, out);
    plain += stopwatch() - begun;
    const uint8_t *found = machine_octets(at, 62);
    /* f1 f1* f2 f3 f4 f5, as the entry leaves them. */
    if (memcmp(found, out[0], 16) != 0 || memcmp(found + 16, out[1] + 8, 8) != 0 || memcmp(found + 24, out[2], 16) != 0 ||
        memcmp(found + 40, out[3], 16) != 0 || memcmp(found + 56, out[1], 6) != 0)
      return -1;
  }
  mbedtls_aes_free(&aes);
  tre_destroy_key((uint32_t)key);
  put_row("milenage-vector", ours, plain);
  return 0;
}

static int measure_signing(void) {
  static uint8_t sealed[1400];
  int32_t length = tre_generate_key(TRE_KEY_RSA_SIGN, sealed, sizeof sealed);
  int32_t key = length < 0 ? length : tre_import_sealed(sealed, (uint32_t)length);
  if (key < 0) return -1;
  mbedtls_rsa_context *rsa = mbedtls_pk_rsa(tre_slot_of((uint32_t)key, TRE_KEY_RSA_SIGN)->pair);
  uint8_t hash[32], signature[256];
  uint64_t ours = 0, plain = 0;
  /* The first signature makes the values that blind all of them. */
  memset(hash, 1, sizeof hash);
  if (mbedtls_rsa_rsassa_pkcs1_v15_sign(rsa, tre_random_octets, &tre_drbg, MBEDTLS_MD_SHA256, 32, hash, signature) != 0)
    return -1;
  for (uint32_t n = 0; n < TIMES; n++) {
    tre_random(hash, sizeof hash);
    memcpy(machine_octets(HASH, 32), hash, 32);
    uint64_t begun = stopwatch();
    if (Z_cryptoZ_sign_hash(NULL, (uint32_t)key, HASH, 32, SIGNATURE, 256) != 256) return -1;
    ours += stopwatch() - begun;
    begun = stopwatch();
    if (mbedtls_rsa_rsassa_pkcs1_v15_sign(rsa, tre_random_octets, &tre_drbg, MBEDTLS_MD_SHA256, 32, hash, signature) != 0)
      return -1;
    plain += stopwatch() - begun;
    if (memcmp(machine_octets(SIGNATURE, 256), signature, 256) != 0) return -1;
  }
  tre_destroy_key((uint32_t)key);
  put_row("rsa-2048-sign", ours, plain);
  return 0;
}

/* Octets of a host's file into the TRE's page. */
static uint32_t load(const char *name, uint32_t at, uint32_t room) {
  int32_t handle = host_open(name, HOST_READ);
  uint32_t length = handle < 0 ? 0 : host_read_some(handle, machine_octets(at, room), room);
  host_close(handle);
  return length;
}

static int plain_ecdsa(mbedtls_pk_context *pk, const uint8_t *hash, const uint8_t *signature) {
  mbedtls_ecp_keypair *pair = mbedtls_pk_ec(*pk);
  mbedtls_mpi r, s;
  mbedtls_mpi_init(&r);
  mbedtls_mpi_init(&s);
  int failed = mbedtls_mpi_read_binary(&r, signature, 32) != 0 || mbedtls_mpi_read_binary(&s, signature + 32, 32) != 0 ||
               mbedtls_ecdsa_verify(&pair->MBEDTLS_PRIVATE(grp), hash, 32, &pair->MBEDTLS_PRIVATE(Q), &r, &s) != 0;
  mbedtls_mpi_free(&r);
  mbedtls_mpi_free(&s);
  return failed;
}

/* A signature under a certificate: both parse it, so that the comparison is one of like with like. */
static int measure_verification(const char *name, uint32_t alg, const char *cert_name, const char *signature_name) {
  uint32_t cert = load(cert_name, CERT, 2048), signature = load(signature_name, SIGNATURE, 256);
  if (load("hash", HASH, 32) != 32 || cert == 0 || signature == 0) return -1;
  const uint8_t *hash = machine_octets(HASH, 32), *octets = machine_octets(SIGNATURE, signature);
  uint64_t ours = 0, plain = 0;
  for (uint32_t n = 0; n < TIMES; n++) {
    uint64_t begun = stopwatch();
    if (Z_cryptoZ_verify_hash(NULL, alg, CERT, cert, HASH, 32, SIGNATURE, signature) != 0) return -1;
    ours += stopwatch() - begun;
    begun = stopwatch();
    mbedtls_x509_crt crt;
    mbedtls_x509_crt_init(&crt);
    int failed = mbedtls_x509_crt_parse_der(&crt, machine_octets(CERT, cert), cert) != 0;
    if (!failed && alg == TRE_SIGN_RSA_SHA256) failed = mbedtls_pk_verify(&crt.pk, MBEDTLS_MD_SHA256, hash, 32, octets, signature);
    else if (!failed) failed = plain_ecdsa(&crt.pk, hash, octets);
    mbedtls_x509_crt_free(&crt);
    plain += stopwatch() - begun;
    if (failed) return -1;
  }
  put_row(name, ours, plain);
  return 0;
}

int main(void) {
  board_init();
  time_init();
  interrupts_on();
  /* For the crypto side; the TRE's page is this program's afterwards. */
  machine_start(-1);
  file = host_open("measured", HOST_CREATE);
  int failed = file < 0 || measure_milenage() != 0 || measure_signing() != 0 ||
               measure_verification("rsa-2048-verify", TRE_SIGN_RSA_SHA256, "rsa.der", "rsa.sig") != 0 ||
               measure_verification("ecdsa-p256-verify", TRE_SIGN_ECDSA_SHA256, "ec.der", "ec.sig") != 0;
  host_close(file);
  host_exit(failed ? 1 : 0);
}
