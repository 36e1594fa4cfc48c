/* Clock, LED and watchdog of the nRF52840-DK. */
#include "board.h"

#include "registers.h"

const char board_target[] = BOARD_NAME;
const uint32_t board_core_hz = 64000000;

/* LED1, which lights when its pin is low. */
#define LED (1u << 13)

#define WDT_HZ 32768u
#define WDT_S 8u
/* Counts while the core sleeps, and not while a debugger has halted it. */
#define WDT_IN_SLEEP 1u
#define WDT_FEED 0x6E524635u

void board_init(void) {
  WDT_CRV = WDT_S * WDT_HZ - 1;
  WDT_CONFIG = WDT_IN_SLEEP;
  WDT_RREN = 1;
  WDT_START = 1;
  board_watchdog_feed();
  /* The core runs at 64 MHz from the start; the UART's rate wants the crystal. */
  CLOCK_HFCLKSTARTED = 0;
  CLOCK_HFCLKSTART = 1;
  while (CLOCK_HFCLKSTARTED == 0) {
  }
  NVMC_ICACHECNF = 1;
  GPIO_OUTSET = LED;
  GPIO_DIRSET = LED;
}

IN_RAM void board_watchdog_feed(void) { WDT_RR0 = WDT_FEED; }

/* This watchdog's warning is no non-maskable interrupt, and comes 61 us before the reset: whatever comes there is a fault. */
int board_watchdog_warns(void) { return 1; }

void board_led(int on) {
  if (on) GPIO_OUTCLR = LED;
  else GPIO_OUTSET = LED;
}
