/*
 * The flash in the 16 MB of PSRAM, which QEMU keeps in a file: the sectors of the store, then that of the device root
 * key. The first word of all says that the file has been a flash before.
 */
#include <string.h>

#include "board.h"
#include "power_qemu.h"
#include "registers.h"

#define SECTOR_SIZE (16u * 1024u)
#define STORE_SECTORS 8u
#define MAGIC 0x48534c46u
#define FLASH ((uint8_t *)PSRAM_BASE + 0x1000)

const uint32_t board_flash_sector_size = SECTOR_SIZE;
const uint32_t board_flash_sector_count = STORE_SECTORS;

static uint8_t *cells_of(int32_t sector, uint32_t offset) {
  volatile uint32_t *magic = (volatile uint32_t *)PSRAM_BASE;
  if (*magic != MAGIC) {
    memset(FLASH, 0xff, (STORE_SECTORS + 1) * SECTOR_SIZE);
    *magic = MAGIC;
  }
  return FLASH + (sector == FLASH_KEY_SECTOR ? STORE_SECTORS : (uint32_t)sector) * SECTOR_SIZE + offset;
}

int32_t board_flash_read(int32_t sector, uint32_t offset, uint8_t *out, uint32_t length) {
  memcpy(out, cells_of(sector, offset), length);
  return 0;
}

int32_t board_flash_program(int32_t sector, uint32_t offset, const uint8_t *octets, uint32_t length) {
  uint8_t *cells = cells_of(sector, offset);
  uint32_t left = power_octets_left();
  for (uint32_t i = 0; i < (left < length ? left : length); i++) cells[i] &= octets[i];
  if (left != POWER_HOLDS) power_off();
  return 0;
}

int32_t board_flash_erase(int32_t sector) {
  uint8_t *cells = cells_of(sector, 0);
  uint32_t left = power_octets_left();
  memset(cells, 0xff, left < SECTOR_SIZE ? left : SECTOR_SIZE);
  if (left != POWER_HOLDS) power_off();
  return 0;
}
