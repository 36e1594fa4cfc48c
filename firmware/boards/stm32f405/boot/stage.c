/* Watchdog and clock of the boot stage, and the write protection of its own sector. */
#include "stage.h"

#include "board.h"
#include "clock.h"
#include "line.h"
#include "protect.h"
#include "registers.h"

#define IWDG_START 0xCCCCu
#define IWDG_WRITE 0x5555u
/* 256 / 32 kHz * 4095 = 32 s: time for the check of an image, and the end of one that hangs. */
#define SLOWEST 6u
#define LONGEST 4095u

void stage_init(void) {
  IWDG_KR = IWDG_START;
  IWDG_KR = IWDG_WRITE;
  IWDG_PR = SLOWEST;
  IWDG_RLR = LONGEST;
  board_watchdog_feed();
  clock_init();
  protect_boot_sector();
}

void board_watchdog_feed(void) { IWDG_KR = 0xAAAAu; }

/* Nobody is listened to here. */
void line_received(uint8_t octet) { (void)octet; }
void uart_interrupt(void);
