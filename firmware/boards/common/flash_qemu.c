/* The flash of a board that has nothing else there: the sectors of the store, then that of the device root key. */
#include "board.h"
#include "flash_file.h"
#include "sectors.h"

const uint32_t board_flash_sector_size = SECTOR_SIZE;
const uint32_t board_flash_sector_count = STORE_SECTORS;
const uint32_t flash_file_size = (STORE_SECTORS + 1) * SECTOR_SIZE;

static uint32_t place_of(int32_t sector, uint32_t offset) {
  return (sector == FLASH_KEY_SECTOR ? STORE_SECTORS : (uint32_t)sector) * SECTOR_SIZE + offset;
}

int32_t board_flash_read(int32_t sector, uint32_t offset, uint8_t *out, uint32_t length) {
  return flash_file_read(place_of(sector, offset), out, length);
}

int32_t board_flash_program(int32_t sector, uint32_t offset, const uint8_t *octets, uint32_t length) {
  return flash_file_program(place_of(sector, offset), octets, length);
}

int32_t board_flash_erase(int32_t sector) { return flash_file_erase(place_of(sector, 0), SECTOR_SIZE); }
