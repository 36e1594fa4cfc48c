/* Functions of the ROM (esp32c3.rom.ld of ESP-IDF, group "spiflash_legacy"). It has set the flash up to load this firmware. */
#ifndef ROM_H
#define ROM_H

#include <stdint.h>

/* 0 on success; addresses from the start of the flash, whole words on both sides. */
#define ROM_FLASH_ERASE ((int (*)(uint32_t sector))0x40000128)
#define ROM_FLASH_WRITE ((int (*)(uint32_t to, const uint32_t *words, int32_t length))0x4000012C)
#define ROM_FLASH_READ ((int (*)(uint32_t from, uint32_t *words, int32_t length))0x40000130)
/* Clears the write protection that the flash may have been left with. */
#define ROM_FLASH_UNLOCK ((int (*)(void))0x40000140)

#endif
