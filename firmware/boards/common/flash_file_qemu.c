/* A flash in a file of the host (QEMU has no controller), with power cuts where a rig wants them. */
#include "flash_file.h"

#include <string.h>

#include "power_qemu.h"
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
  return length < flash_file_size ? fill(length, flash_file_size - length) : 0;
}

int32_t flash_file_read(uint32_t at, uint8_t *out, uint32_t length) {
  if (open_file() != 0) return -1;
  return host_read(file, at, out, length) == 0 ? 0 : -1;
}

int32_t flash_file_program(uint32_t to, const uint8_t *octets, uint32_t length) {
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

int32_t flash_file_erase(uint32_t at, uint32_t size) {
  if (open_file() != 0) return -1;
  uint32_t left = power_octets_left();
  int32_t failed = fill(at, left < size ? left : size);
  if (left != POWER_HOLDS) power_off();
  return failed;
}
