/* Makes the flash controller refuse every change of sector 0, once for all (RM0090 clause 3.9.10, FLASH_OPTCR). */
#ifndef PROTECT_H
#define PROTECT_H

void protect_boot_sector(void);

#endif
