/* A flash and an entropy source whose behaviour a test chooses, around the device root key. */
#include <string.h>

#include "board.h"

#define SECTOR 16384u
#define SECTORS 3u

uint8_t cells[SECTORS * SECTOR];
const uint32_t board_flash_sector_size = SECTOR;
const uint32_t board_flash_sector_count = 2;
/* Octets that are still programmed before the power goes; entropy that is there. */
uint32_t power = UINT32_MAX;
int32_t entropy_result;
uint8_t drawn;

static uint8_t *at(int32_t sector, uint32_t offset) { return cells + (uint32_t)(sector + 1) * SECTOR + offset; }

int32_t board_flash_read(int32_t sector, uint32_t offset, uint8_t *out, uint32_t length) {
  memcpy(out, at(sector, offset), length);
  return 0;
}

int32_t board_flash_program(int32_t sector, uint32_t offset, const uint8_t *octets, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) {
    if (power == 0) __builtin_trap();
    power--;
    *at(sector, offset + i) &= octets[i];
  }
  return 0;
}

int32_t board_flash_erase(int32_t sector) {
  memset(at(sector, 0), 0xff, SECTOR);
  return 0;
}

int32_t board_entropy(uint8_t *out, uint32_t size) {
  drawn++;
  for (uint32_t i = 0; i < size; i++) out[i] = (uint8_t)(drawn * 16 + i);
  return entropy_result;
}
