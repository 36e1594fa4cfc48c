/* Is what stands in a slot firmware of this factory for this slot of this board? */
#include <string.h>

#include "boot.h"
#include "mbedtls/sha256.h"
#include "p256-m.h"

#define CHUNK 256u
#define BOARD_SIZE 32u
#define DIGEST_SIZE 32u

static uint32_t field(const uint8_t *header, uint32_t at) {
  return header[at] | (uint32_t)header[at + 1] << 8 | (uint32_t)header[at + 2] << 16 | (uint32_t)header[at + 3] << 24;
}

static int is_for(const uint8_t *header, uint32_t slot) {
  char board[BOARD_SIZE] = {0};
  strncpy(board, boot_board, sizeof board);
  const uint32_t length = field(header, IMAGE_LENGTH_AT);
  return field(header, IMAGE_MAGIC_AT) == IMAGE_MAGIC && field(header, IMAGE_FORMAT_AT) == IMAGE_FORMAT &&
         (field(header, IMAGE_FLAGS_AT) & ~IMAGE_FLAG_DEVELOPMENT) == 0 && field(header, IMAGE_RESERVED_AT) == 0 &&
         field(header, IMAGE_ADDRESS_AT) == boot_slot_address(slot) && length > 0 &&
         length <= boot_slot_size() - IMAGE_HEADER_SIZE && memcmp(header + IMAGE_BOARD_AT, board, sizeof board) == 0;
}

uint32_t boot_header_fault(const uint8_t *header, uint32_t slot) {
  uint8_t digest[DIGEST_SIZE];
  if (!is_for(header, slot)) return BOOT_NO_HEADER;
  if (memcmp(header + IMAGE_SIGNER_AT, boot_update_signer, DIGEST_SIZE) != 0) return BOOT_NOT_SIGNED;
  if (mbedtls_sha256(header, IMAGE_SIGNED_SIZE, digest, 0) != 0) return BOOT_NOT_SIGNED;
  const int verified = p256_ecdsa_verify(header + IMAGE_SIGNATURE_AT, boot_update_key, digest, sizeof digest);
  return verified == P256_SUCCESS ? 0 : BOOT_NOT_SIGNED;
}

static int has_digest(const uint8_t *header, uint32_t slot) {
  mbedtls_sha256_context hash;
  uint8_t chunk[CHUNK], digest[DIGEST_SIZE];
  const uint32_t length = field(header, IMAGE_LENGTH_AT);
  mbedtls_sha256_init(&hash);
  int failed = mbedtls_sha256_starts(&hash, 0);
  for (uint32_t done = 0; done < length && failed == 0; done += CHUNK) {
    const uint32_t part = length - done < CHUNK ? length - done : CHUNK;
    failed = boot_slot_read(slot, IMAGE_HEADER_SIZE + done, chunk, part);
    if (failed == 0) failed = mbedtls_sha256_update(&hash, chunk, part);
  }
  if (failed == 0) failed = mbedtls_sha256_finish(&hash, digest);
  mbedtls_sha256_free(&hash);
  return failed == 0 && memcmp(digest, header + IMAGE_DIGEST_AT, sizeof digest) == 0;
}

uint32_t boot_image_fault(uint32_t slot) {
  uint8_t header[IMAGE_USED_SIZE];
  if (boot_slot_read(slot, 0, header, sizeof header) != 0) return BOOT_NO_HEADER;
  const uint32_t fault = boot_header_fault(header, slot);
  if (fault != 0) return fault;
  return has_digest(header, slot) ? 0 : BOOT_WRONG_DIGEST;
}
