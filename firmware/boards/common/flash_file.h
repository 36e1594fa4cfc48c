/* A flash in a file of the host, by octets from its start. 0 on success. */
#ifndef FLASH_FILE_H
#define FLASH_FILE_H

#include <stdint.h>

/* Octets in all; the board's. */
extern const uint32_t flash_file_size;

int32_t flash_file_read(uint32_t at, uint8_t *out, uint32_t length);
/* Only clears bits. */
int32_t flash_file_program(uint32_t to, const uint8_t *octets, uint32_t length);
/* One operation of the flash, however large the sector is. */
int32_t flash_file_erase(uint32_t at, uint32_t size);

#endif
