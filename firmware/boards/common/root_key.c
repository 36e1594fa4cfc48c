/*
 * The device root key: 32 octets in a flash sector of their own, made at the first boot, seen by the crypto side only.
 *
 *   key sector = key(32) | ~key(32) | mark(4)
 *
 * The mark is programmed when the key has been read back. Before it has begun nothing was sealed under the key, so what a
 * power cut left of it, weak cells among them, goes. Any bit of it counts, and it is programmed again until all do.
 */
#include <string.h>

#include "board.h"
#include "tre_crypto.h"

#define SIZE 32u
#define MARK (2 * SIZE)
#define MARK_SIZE 4u

static void wipe(uint8_t *at, uint32_t length) {
  for (volatile uint8_t *octet = at; octet < at + length; octet++) *octet = 0;
}

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

static int32_t finish(void) {
  static const uint8_t mark[MARK_SIZE];
  return board_flash_program(FLASH_KEY_SECTOR, MARK, mark, MARK_SIZE) == 0 ? 0 : TRE_ERROR_GENERIC;
}

/* A new key in an erased sector; `record` has it then. */
static int32_t make(uint8_t *record) {
  uint8_t found[2 * SIZE];
  if (board_entropy(record, SIZE) != 0) return TRE_ERROR_INSUFFICIENT_ENTROPY;
  for (uint32_t i = 0; i < SIZE; i++) record[SIZE + i] = (uint8_t)~record[i];
  int failed = board_flash_erase(FLASH_KEY_SECTOR) != 0 ||
               board_flash_program(FLASH_KEY_SECTOR, 0, record, sizeof found) != 0 ||
               board_flash_read(FLASH_KEY_SECTOR, 0, found, sizeof found) != 0 || memcmp(found, record, sizeof found) != 0;
  wipe(found, sizeof found);
  return failed ? TRE_ERROR_GENERIC : finish();
}

/* A broken key beside a store that has been used is damage, and a new key would hide it. */
static int store_is_virgin(void) {
  uint8_t octets[64];
  for (uint32_t sector = 0; sector < board_flash_sector_count; sector++) {
    if (board_flash_read((int32_t)sector, 0, octets, sizeof octets) != 0 || !is_blank(octets, sizeof octets)) return 0;
  }
  return 1;
}

int32_t board_root_key(uint8_t *out, uint32_t size) {
  uint8_t record[MARK + MARK_SIZE];
  if (size != SIZE) return TRE_ERROR_INVALID_ARGUMENT;
  int32_t result = board_flash_read(FLASH_KEY_SECTOR, 0, record, sizeof record) == 0 ? 0 : TRE_ERROR_GENERIC;
  if (result == 0) {
    int marked = !is_blank(record + MARK, MARK_SIZE);
    int finished = marked && (record[MARK] | record[MARK + 1] | record[MARK + 2] | record[MARK + 3]) == 0;
    if (marked && is_whole(record)) result = finished ? 0 : finish();
    else result = store_is_virgin() ? make(record) : TRE_ERROR_CORRUPT;
  }
  if (result == 0) memcpy(out, record, SIZE);
  wipe(record, sizeof record);
  return result;
}
