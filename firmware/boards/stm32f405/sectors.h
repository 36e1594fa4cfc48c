/*
 * Sectors of the flash (RM0090 table 5, 1 MB): 0 to 3 of 16 KiB, 4 of 64 KiB, 5 to 11 of 128 KiB. What lies where is in
 * board.json, too, for those who flash a board; a test holds one against the other.
 */
#ifndef SECTORS_H
#define SECTORS_H

#define CHIP_BASE 0x08000000u
#define CHIP_SIZE (1024u * 1024u)
#define SMALL_SECTOR (16u * 1024u)
#define SECTOR_SIZE (128u * 1024u)

/* 0: the boot stage, write-protected. 1 and 2: boot records. 3 and 4 are nobody's. */
#define FIRST_RECORDS_SECTOR 1u
/* 5 and 6, 7 and 8: slots for firmware. */
#define FIRST_SLOT_SECTOR 5u
#define SLOT_SECTORS 2u
/* 9: the device root key. 10 and 11: a bank of the store each. */
#define KEY_SECTOR 9u
#define FIRST_STORE_SECTOR 10u
#define STORE_SECTORS 2u

/* Where a sector of 128 KiB begins: they start with number 5, at 128 KiB. */
#define LARGE_SECTOR_AT(number) (((number) - 4u) * SECTOR_SIZE)
#define SMALL_SECTOR_AT(number) ((number) * SMALL_SECTOR)

#endif
