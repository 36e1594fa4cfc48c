/*
 * The flash controller of the nRF52840. While it writes or erases, whatever fetches from the flash waits: 85 ms for a page.
 * So what runs meanwhile lies in RAM, interrupts and their vectors included, and octets of the line are not lost.
 *
 * A word takes two writes between erases, the second of which may only clear bits: the store and the key write a word once.
 */
#include "board.h"
#include "registers.h"
#include "sectors.h"

const uint32_t board_flash_sector_size = SECTOR_SIZE;
const uint32_t board_flash_sector_count = STORE_SECTORS;

#define READ_ONLY 0u
#define WRITE 1u
#define ERASE 2u
#define WORD 4u

static uintptr_t address_of(int32_t sector, uint32_t offset) {
  return (sector == FLASH_KEY_SECTOR ? KEY_SECTOR : FIRST_STORE_SECTOR + (uint32_t)sector) * SECTOR_SIZE + offset;
}

/* One operation of the controller. It tells no error. */
IN_RAM static void run(uint32_t what, uintptr_t address, uint32_t value) {
  NVMC_CONFIG = what;
  barrier();
  if (what == ERASE) NVMC_ERASEPAGE = address;
  else FLASH_CELL(uint32_t, address) = value;
  barrier();
  while ((NVMC_READY & 1u) == 0) {
  }
  NVMC_CONFIG = READ_ONLY;
  barrier();
}

int32_t board_flash_read(int32_t sector, uint32_t offset, uint8_t *out, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) out[i] = FLASH_CELL(uint8_t, address_of(sector, offset + i));
  return 0;
}

/* Words only; what is not to be programmed of one stays 1. A cell that did not take its octets is the one error there is. */
int32_t board_flash_program(int32_t sector, uint32_t offset, const uint8_t *octets, uint32_t length) {
  for (uint32_t i = 0; i < length;) {
    const uintptr_t to = address_of(sector, offset + i);
    const uintptr_t word = to & ~(uintptr_t)(WORD - 1);
    uint32_t value = UINT32_MAX;
    for (uint32_t lane = (uint32_t)(to - word); lane < WORD && i < length; lane++, i++)
      value &= ~((uint32_t)(uint8_t)~octets[i] << (8 * lane));
    const uint32_t before = FLASH_CELL(uint32_t, word);
    run(WRITE, word, value);
    if ((uint32_t)FLASH_CELL(uint32_t, word) != (before & value)) return -1;
  }
  return 0;
}

int32_t board_flash_erase(int32_t sector) {
  const uintptr_t page = address_of(sector, 0);
  run(ERASE, page, 0);
  for (uint32_t at = 0; at < SECTOR_SIZE; at += WORD)
    if ((uint32_t)FLASH_CELL(uint32_t, page + at) != UINT32_MAX) return -1;
  return 0;
}
