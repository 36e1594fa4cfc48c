/*
 * The device root key: 32 octets in a flash sector of their own, made at the first boot, seen by the crypto side only.
 *
 *   key sector = key(32) | ~key(32)                                  both, or there is no key yet
 */
#include <string.h>

#include "board.h"
#include "tre_crypto.h"

#define SIZE 32u

static int is_blank(const uint8_t *octets, uint32_t length) {
  for (uint32_t i = 0; i < length; i++)
    if (octets[i] != 0xff) return 0;
  return 1;
}

static int is_whole(const uint8_t *record) {
  for (uint32_t i = 0; i < SIZE; i++)
    if ((record[i] ^ record[SIZE + i]) != 0xff) return 0;
  return 1;
}

static int32_t make(uint8_t *record) {
  if (board_entropy(record, SIZE) != 0) return TRE_ERROR_INSUFFICIENT_ENTROPY;
  for (uint32_t i = 0; i < SIZE; i++) record[SIZE + i] = (uint8_t)~record[i];
  if (board_flash_program(FLASH_KEY_SECTOR, 0, record, 2 * SIZE) != 0) return TRE_ERROR_GENERIC;
  uint8_t found[2 * SIZE];
  int failed = board_flash_read(FLASH_KEY_SECTOR, 0, found, sizeof found) != 0 || memcmp(found, record, sizeof found) != 0;
  memset(found, 0, sizeof found);
  return failed ? TRE_ERROR_GENERIC : 0;
}

/*
 * A key that a power cut left half written sealed nothing yet: the store comes after it. But a whole store beside a
 * broken key is damage, and a new key would hide it.
 */
static int store_is_virgin(void) {
  uint8_t octets[64];
  for (uint32_t sector = 0; sector < board_flash_sector_count; sector++) {
    if (board_flash_read((int32_t)sector, 0, octets, sizeof octets) != 0 || !is_blank(octets, sizeof octets)) return 0;
  }
  return 1;
}

int32_t board_root_key(uint8_t *out, uint32_t size) {
  uint8_t record[2 * SIZE];
  if (size != SIZE) return TRE_ERROR_INVALID_ARGUMENT;
  int32_t result = board_flash_read(FLASH_KEY_SECTOR, 0, record, sizeof record) == 0 ? 0 : TRE_ERROR_GENERIC;
  if (result == 0 && !is_whole(record)) {
    if (!store_is_virgin()) result = TRE_ERROR_CORRUPT;
    else if (!is_blank(record, sizeof record) && board_flash_erase(FLASH_KEY_SECTOR) != 0) result = TRE_ERROR_GENERIC;
    else result = make(record);
  }
  if (result == 0) memcpy(out, record, SIZE);
  for (volatile uint8_t *octet = record; octet < record + sizeof record; octet++) *octet = 0;
  return result;
}
