/* The flash that this board has in a file: two banks of the store, then the device root key. */
#ifndef SECTORS_H
#define SECTORS_H

#define SECTOR_SIZE (64u * 1024u)
#define STORE_SECTORS 2u

#endif
