/* Pages of the flash, 256 of 4 KiB. The firmware starts at 0. */
#ifndef SECTORS_H
#define SECTORS_H

#define SECTOR_SIZE 4096u
/* The last ones: two banks of 64 KiB. Before them: the device root key. */
#define STORE_SECTORS 32u
#define FIRST_STORE_SECTOR 224u
#define KEY_SECTOR 223u

#endif
