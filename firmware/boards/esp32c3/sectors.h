/* Sectors of the flash, 4 KiB each; the first MiB of it is used. The image that the ROM loads starts at 0. */
#ifndef SECTORS_H
#define SECTORS_H

#define SECTOR_SIZE 4096u
/* The last ones of that MiB: two banks of 64 KiB. Before them: the device root key. */
#define STORE_SECTORS 32u
#define FIRST_STORE_SECTOR 224u
#define KEY_SECTOR 223u

#endif
