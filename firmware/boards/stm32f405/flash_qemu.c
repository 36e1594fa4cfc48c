/*
 * The whole flash in a file of the host (QEMU has no controller). It is also what QEMU loads the code from when it is
 * switched on: what is programmed into a slot runs after the next time.
 */
#include <string.h>

#include "chip.h"
#include "power_qemu.h"
#include "sectors.h"
#include "semihosting.h"

#define FILE_NAME "flash.bin"
#define CHUNK 256u

static int32_t file = -1;

static int32_t fill(uint32_t from, uint32_t length) {
  uint8_t blank[CHUNK];
  memset(blank, 0xff, sizeof blank);
  for (uint32_t done = 0; done < length; done += CHUNK) {
    uint32_t part = length - done < CHUNK ? length - done : CHUNK;
    if (host_write(file, from + done, blank, part) != 0) return -1;
  }
  return 0;
}

/* A file that is shorter was being made when QEMU was killed: nothing was programmed into it yet. */
static int32_t open_file(void) {
  if (file >= 0) return 0;
  file = host_open(FILE_NAME, HOST_UPDATE);
  if (file < 0) file = host_open(FILE_NAME, HOST_CREATE);
  if (file < 0) return -1;
  uint32_t length = host_length(file);
  return length < CHIP_SIZE ? fill(length, CHIP_SIZE - length) : 0;
}

int32_t chip_read(uint32_t at, uint8_t *out, uint32_t length) {
#ifdef BOOT_STAGE
  /* Of a slot what is there to run, which a reset alone does not change. */
  if (at >= LARGE_SECTOR_AT(FIRST_SLOT_SECTOR)) {
    memcpy(out, (const uint8_t *)(uintptr_t)(CHIP_BASE + at), length);
    return 0;
  }
#endif
  if (open_file() != 0) return -1;
  return host_read(file, at, out, length) == 0 ? 0 : -1;
}

int32_t chip_program(uint32_t to, const uint8_t *octets, uint32_t length) {
  if (open_file() != 0) return -1;
  uint32_t left = power_octets_left();
  uint32_t wanted = left < length ? left : length;
  uint8_t cells[CHUNK];
  for (uint32_t done = 0; done < wanted; done += CHUNK) {
    uint32_t part = wanted - done < CHUNK ? wanted - done : CHUNK;
    if (host_read(file, to + done, cells, part) != 0) return -1;
    for (uint32_t i = 0; i < part; i++) cells[i] &= octets[done + i];
    if (host_write(file, to + done, cells, part) != 0) return -1;
  }
  if (left != POWER_HOLDS) power_off();
  return 0;
}

int32_t chip_erase(uint32_t sector) {
  const uint32_t at = sector < FIRST_SLOT_SECTOR ? SMALL_SECTOR_AT(sector) : LARGE_SECTOR_AT(sector);
  const uint32_t size = sector < FIRST_SLOT_SECTOR ? SMALL_SECTOR : SECTOR_SIZE;
  if (open_file() != 0) return -1;
  uint32_t left = power_octets_left();
  int32_t failed = fill(at, left < size ? left : size);
  if (left != POWER_HOLDS) power_off();
  return failed;
}
