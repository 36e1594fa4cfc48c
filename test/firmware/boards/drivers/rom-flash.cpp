/*
 * An SPI flash behind functions as the ROM of the ESP32-C3 has them, in their place: whole words on both sides, a cell loses
 * bits, and a flash that is protected takes nothing. Whatever they do not promise is counted as a violation.
 */
#include "rom-flash.hpp"

#define SIZE (1024u * 1024u)
#define SECTOR 4096u

static uint8_t flash[SIZE];
static int is_protected;

extern "C" {
uint32_t violations, operations, erased_sectors, last_erased;
/* The operation of this number does nothing; it says so, or does not. */
uint32_t fail_at = UINT32_MAX, fail_says = 1;

uint8_t *model_flash(void) { return flash; }
void model_reset(void) {
  for (uint32_t i = 0; i < SIZE; i++) flash[i] = 0xff;
  is_protected = 1;
  violations = operations = erased_sectors = last_erased = 0;
  fail_at = UINT32_MAX;
  fail_says = 1;
}

static int are_words(uint32_t at, const void *words, int32_t length) {
  const int good = at % 4 == 0 && (uintptr_t)words % 4 == 0 && length > 0 && length % 4 == 0 && at + (uint32_t)length <= SIZE;
  if (!good) violations++;
  return good;
}

int rom_unlock(void) {
  is_protected = 0;
  return 0;
}

int rom_erase(uint32_t sector) {
  if (is_protected || sector >= SIZE / SECTOR) violations++;
  if (operations++ == fail_at) return (int)fail_says;
  for (uint32_t i = 0; i < SECTOR; i++) flash[sector * SECTOR + i] = 0xff;
  erased_sectors++;
  last_erased = sector;
  return 0;
}

int rom_write(uint32_t to, const uint32_t *words, int32_t length) {
  if (is_protected) violations++;
  if (!are_words(to, words, length)) return 1;
  if (operations++ == fail_at) return (int)fail_says;
  for (int32_t i = 0; i < length; i++) flash[to + (uint32_t)i] &= (uint8_t)(words[i / 4] >> (8 * (i % 4)));
  return 0;
}

int rom_read(uint32_t from, uint32_t *words, int32_t length) {
  if (!are_words(from, words, length)) return 1;
  for (int32_t i = 0; i < length / 4; i++) words[i] = 0;
  for (int32_t i = 0; i < length; i++) words[i / 4] |= (uint32_t)flash[from + (uint32_t)i] << (8 * (i % 4));
  return 0;
}
}
