/* The flash in a file of the host (QEMU has no controller): the sectors of the store, then that of the device root key. */
#include <string.h>

#include "board.h"
#include "power_qemu.h"
#include "sectors.h"
#include "semihosting.h"

const uint32_t board_flash_sector_size = SECTOR_SIZE;
const uint32_t board_flash_sector_count = STORE_SECTORS;

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
  const uint32_t size = (STORE_SECTORS + 1) * SECTOR_SIZE;
  if (file >= 0) return 0;
  file = host_open(FILE_NAME, HOST_UPDATE);
  if (file < 0) file = host_open(FILE_NAME, HOST_CREATE);
  if (file < 0) return -1;
  uint32_t length = host_length(file);
  return length < size ? fill(length, size - length) : 0;
}

static uint32_t place_of(int32_t sector, uint32_t offset) {
  return (sector == FLASH_KEY_SECTOR ? STORE_SECTORS : (uint32_t)sector) * SECTOR_SIZE + offset;
}

int32_t board_flash_read(int32_t sector, uint32_t offset, uint8_t *out, uint32_t length) {
  if (open_file() != 0) return -1;
  return host_read(file, place_of(sector, offset), out, length) == 0 ? 0 : -1;
}

int32_t board_flash_program(int32_t sector, uint32_t offset, const uint8_t *octets, uint32_t length) {
  if (open_file() != 0) return -1;
  uint32_t left = power_octets_left();
  uint32_t wanted = left < length ? left : length;
  uint8_t cells[CHUNK];
  for (uint32_t done = 0; done < wanted; done += CHUNK) {
    uint32_t part = wanted - done < CHUNK ? wanted - done : CHUNK;
    uint32_t at = place_of(sector, offset + done);
    if (host_read(file, at, cells, part) != 0) return -1;
    for (uint32_t i = 0; i < part; i++) cells[i] &= octets[done + i];
    if (host_write(file, at, cells, part) != 0) return -1;
  }
  if (left != POWER_HOLDS) power_off();
  return 0;
}

int32_t board_flash_erase(int32_t sector) {
  if (open_file() != 0) return -1;
  uint32_t left = power_octets_left();
  int32_t failed = fill(place_of(sector, 0), left < SECTOR_SIZE ? left : SECTOR_SIZE);
  if (left != POWER_HOLDS) power_off();
  return failed;
}
