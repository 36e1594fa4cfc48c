#ifndef ROM_FLASH_HPP
#define ROM_FLASH_HPP

/* This header is of the hardware. */
#define ROM_H

#include <stdint.h>

extern "C" {
#include "board.h"
int rom_unlock(void);
int rom_erase(uint32_t sector);
int rom_write(uint32_t to, const uint32_t *words, int32_t length);
int rom_read(uint32_t from, uint32_t *words, int32_t length);
}

#define ROM_FLASH_UNLOCK rom_unlock
#define ROM_FLASH_ERASE rom_erase
#define ROM_FLASH_WRITE rom_write
#define ROM_FLASH_READ rom_read

#endif
