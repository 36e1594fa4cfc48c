/*
 * The whole chip in a file. It is also what QEMU loads the code from when it is switched on: what is programmed into a
 * slot runs after the next time.
 */
#include <string.h>

#include "chip.h"
#include "flash_file.h"
#include "sectors.h"

const uint32_t flash_file_size = CHIP_SIZE;

int32_t chip_read(uint32_t at, uint8_t *out, uint32_t length) {
#ifdef BOOT_STAGE
  /* Of a slot what is there to run, which a reset alone does not change. */
  if (at >= LARGE_SECTOR_AT(FIRST_SLOT_SECTOR)) {
    memcpy(out, (const uint8_t *)(uintptr_t)(CHIP_BASE + at), length);
    return 0;
  }
#endif
  return flash_file_read(at, out, length);
}

int32_t chip_program(uint32_t to, const uint8_t *octets, uint32_t length) { return flash_file_program(to, octets, length); }

int32_t chip_erase(uint32_t sector) {
  const int is_small = sector < FIRST_SLOT_SECTOR;
  return flash_file_erase(is_small ? SMALL_SECTOR_AT(sector) : LARGE_SECTOR_AT(sector), is_small ? SMALL_SECTOR : SECTOR_SIZE);
}
