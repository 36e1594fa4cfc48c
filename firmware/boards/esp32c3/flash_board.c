/*
 * The SPI flash, by the functions of the ROM. They take whole words; what is not to be programmed of one stays 1, and a cell
 * may be programmed again and loses bits. All code is in RAM, so interrupts go on meanwhile.
 */
#include "board.h"
#include "rom.h"
#include "sectors.h"

const uint32_t board_flash_sector_size = SECTOR_SIZE;
const uint32_t board_flash_sector_count = STORE_SECTORS;

#define WORD 4u
#define WORDS 64u

static uint32_t number_of(int32_t sector) {
  return sector == FLASH_KEY_SECTOR ? KEY_SECTOR : FIRST_STORE_SECTOR + (uint32_t)sector;
}

/* The words around some octets, at most WORDS of them. */
typedef struct {
  uint32_t from, lead, octets, size;
} span;

static span span_at(uint32_t address, uint32_t length) {
  span it = {.from = address & ~(WORD - 1), .lead = address % WORD};
  const uint32_t room = WORDS * WORD - it.lead;
  it.octets = length < room ? length : room;
  it.size = (it.lead + it.octets + WORD - 1) & ~(WORD - 1);
  return it;
}

static uint8_t octet_of(const uint32_t *words, uint32_t n) { return (uint8_t)(words[n / WORD] >> (8 * (n % WORD))); }

int32_t board_flash_read(int32_t sector, uint32_t offset, uint8_t *out, uint32_t length) {
  uint32_t words[WORDS];
  for (uint32_t done = 0; done < length;) {
    const span it = span_at(number_of(sector) * SECTOR_SIZE + offset + done, length - done);
    if (ROM_FLASH_READ(it.from, words, (int32_t)it.size) != 0) return -1;
    for (uint32_t i = 0; i < it.octets; i++) out[done + i] = octet_of(words, it.lead + i);
    done += it.octets;
  }
  return 0;
}

/* Does the flash hold no other bits than it may? The ROM does not look. */
static int holds(const span *it, const uint8_t *octets) {
  uint32_t words[WORDS];
  if (ROM_FLASH_READ(it->from, words, (int32_t)it->size) != 0) return 0;
  for (uint32_t i = 0; i < it->octets; i++)
    if (octet_of(words, it->lead + i) & (uint8_t)~octets[i]) return 0;
  return 1;
}

int32_t board_flash_program(int32_t sector, uint32_t offset, const uint8_t *octets, uint32_t length) {
  uint32_t words[WORDS];
  if (ROM_FLASH_UNLOCK() != 0) return -1;
  for (uint32_t done = 0; done < length;) {
    const span it = span_at(number_of(sector) * SECTOR_SIZE + offset + done, length - done);
    for (uint32_t i = 0; i < it.size / WORD; i++) words[i] = UINT32_MAX;
    for (uint32_t i = 0; i < it.octets; i++) {
      const uint32_t at = it.lead + i;
      words[at / WORD] &= ~((uint32_t)(uint8_t)~octets[done + i] << (8 * (at % WORD)));
    }
    if (ROM_FLASH_WRITE(it.from, words, (int32_t)it.size) != 0 || !holds(&it, octets + done)) return -1;
    done += it.octets;
  }
  return 0;
}

int32_t board_flash_erase(int32_t sector) {
  uint32_t words[WORDS];
  const uint32_t number = number_of(sector);
  if (ROM_FLASH_UNLOCK() != 0 || ROM_FLASH_ERASE(number) != 0) return -1;
  for (uint32_t at = 0; at < SECTOR_SIZE; at += sizeof words) {
    if (ROM_FLASH_READ(number * SECTOR_SIZE + at, words, sizeof words) != 0) return -1;
    for (uint32_t i = 0; i < WORDS; i++)
      if (words[i] != UINT32_MAX) return -1;
  }
  return 0;
}
