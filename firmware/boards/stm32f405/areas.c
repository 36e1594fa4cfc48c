/* What lies where in the flash: store and key for the TRE, records and slots for the boot stage and for updates. */
#include "board.h"
#include "boot.h"
#include "chip.h"
#include "sectors.h"

const uint32_t board_flash_sector_size = SECTOR_SIZE;
const uint32_t board_flash_sector_count = STORE_SECTORS;

static uint32_t number_of(int32_t sector) {
  return sector == FLASH_KEY_SECTOR ? KEY_SECTOR : FIRST_STORE_SECTOR + (uint32_t)sector;
}

int32_t board_flash_read(int32_t sector, uint32_t offset, uint8_t *out, uint32_t length) {
  return chip_read(LARGE_SECTOR_AT(number_of(sector)) + offset, out, length);
}

int32_t board_flash_program(int32_t sector, uint32_t offset, const uint8_t *octets, uint32_t length) {
  return chip_program(LARGE_SECTOR_AT(number_of(sector)) + offset, octets, length);
}

int32_t board_flash_erase(int32_t sector) { return chip_erase(number_of(sector)); }

const char boot_board[] = BOARD_NAME;

static uint32_t slot_at(uint32_t slot) { return LARGE_SECTOR_AT(FIRST_SLOT_SECTOR + slot * SLOT_SECTORS); }

uint32_t boot_slot_size(void) { return SLOT_SECTORS * SECTOR_SIZE; }

uint32_t boot_slot_address(uint32_t slot) { return CHIP_BASE + slot_at(slot); }

int32_t boot_slot_read(uint32_t slot, uint32_t offset, uint8_t *out, uint32_t length) {
  return chip_read(slot_at(slot) + offset, out, length);
}

int32_t boot_slot_program(uint32_t slot, uint32_t offset, const uint8_t *octets, uint32_t length) {
  return chip_program(slot_at(slot) + offset, octets, length);
}

/* A sector takes one to two seconds, and the watchdog eight. */
int32_t boot_slot_erase(uint32_t slot) {
  for (uint32_t n = 0; n < SLOT_SECTORS; n++) {
    board_watchdog_feed();
    if (chip_erase(FIRST_SLOT_SECTOR + slot * SLOT_SECTORS + n) != 0) return -1;
  }
  return 0;
}

uint32_t boot_records_size(void) { return SMALL_SECTOR; }

int32_t boot_records_read(uint32_t half, uint32_t offset, uint8_t *out, uint32_t length) {
  return chip_read(SMALL_SECTOR_AT(FIRST_RECORDS_SECTOR + half) + offset, out, length);
}

int32_t boot_records_program(uint32_t half, uint32_t offset, const uint8_t *octets, uint32_t length) {
  return chip_program(SMALL_SECTOR_AT(FIRST_RECORDS_SECTOR + half) + offset, octets, length);
}

int32_t boot_records_erase(uint32_t half) { return chip_erase(FIRST_RECORDS_SECTOR + half); }
