/* Sectors of the flash (RM0090 table 5, 1 MB): 0 to 3 of 16 KiB, 4 of 64 KiB, 5 to 11 of 128 KiB. The firmware starts at 0. */
#ifndef SECTORS_H
#define SECTORS_H

#define SECTOR_SIZE (128u * 1024u)
#define STORE_SECTORS 2u
/* 10 and 11: a bank of the store each. 9: the device root key. */
#define FIRST_STORE_SECTOR 10u
#define KEY_SECTOR 9u

#endif
