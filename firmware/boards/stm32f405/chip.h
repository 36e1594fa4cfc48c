/* The whole flash by octets from its base, and by numbers of its sectors. 0 on success. */
#ifndef CHIP_H
#define CHIP_H

#include <stdint.h>

int32_t chip_read(uint32_t at, uint8_t *out, uint32_t length);
/* Only clears bits, and is durable when it returns. */
int32_t chip_program(uint32_t at, const uint8_t *octets, uint32_t length);
int32_t chip_erase(uint32_t sector);

#endif
