/*
 * What a board is made of. Each folder beside `common` has exactly this and nothing that another board has, too.
 *
 * A board comes in up to two variants. NAME_board.c is of the hardware alone, NAME_qemu.c stands in for it where QEMU
 * has no such hardware; every other file is of both.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Names that the TRE reports in `info`. */
extern const char board_target[];
extern const char board_entropy_name[];

/* Clock tree, pins, watchdog. Runs once, before anything else of the board is used. */
void board_init(void);
/* Frequency of the core clock, in Hz. */
extern const uint32_t board_core_hz;

/* Enables the UART's receive interrupt, which hands every octet to `line_received`. */
void board_uart_init(void);
/* Returns when the last octet has been handed to the UART. */
void board_uart_write(const uint8_t *octets, uint32_t length);

/*
 * Flash: one area for the store, in sectors of one size, and one sector for the device root key. `program` only
 * clears bits. 0 on success; what was programmed is durable when the call returns.
 */
#define FLASH_KEY_SECTOR (-1) /* the sector of the device root key, as `sector` of the functions below */
extern const uint32_t board_flash_sector_size;
extern const uint32_t board_flash_sector_count;
int32_t board_flash_read(int32_t sector, uint32_t offset, uint8_t *out, uint32_t length);
int32_t board_flash_program(int32_t sector, uint32_t offset, const uint8_t *octets, uint32_t length);
int32_t board_flash_erase(int32_t sector);

/* Octets with full entropy; not 0 where the source is broken. */
int32_t board_entropy(uint8_t *out, uint32_t size);

/* The watchdog resets the board unless it is fed every few seconds. */
void board_watchdog_feed(void);
/* Is a non-maskable interrupt the watchdog's last warning? */
int board_watchdog_warns(void);

/* Shows a person whether the TRE waits (on) or works (off); nothing where there is no LED. */
void board_led(int on);

#endif
