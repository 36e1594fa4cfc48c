/* Arm MPS2+: watchdog and LEDs, which lie elsewhere with each FPGA image. */
#include "board.h"
#include "registers.h"

const char board_target[] = BOARD_NAME;
const uint32_t board_core_hz = CORE_HZ;

#define WATCHDOG_LOAD REG(WATCHDOG_BASE)
#define WATCHDOG_CONTROL REG(WATCHDOG_BASE + 0x008)
#define WATCHDOG_CLEAR REG(WATCHDOG_BASE + 0x00C)
#define WATCHDOG_RAW REG(WATCHDOG_BASE + 0x010)
#define WATCHDOG_LOCK REG(WATCHDOG_BASE + 0xC00)
#define WATCHDOG_UNLOCK 0x1ACCE551u
/* An interrupt after 2 s, which is not maskable, and a reset 2 s later. */
#define WATCHDOG_WARN_AND_RESET 3u
#define WARNING_S 2u

void board_init(void) {
  WATCHDOG_LOCK = WATCHDOG_UNLOCK;
  WATCHDOG_LOAD = WARNING_S * board_core_hz;
  WATCHDOG_CONTROL = WATCHDOG_WARN_AND_RESET;
}

IN_RAM void board_watchdog_feed(void) { WATCHDOG_CLEAR = 1; }

/* The interrupt also comes without a reason, once, when the watchdog is enabled. */
int board_watchdog_warns(void) { return WATCHDOG_RAW != 0; }

void board_led(int on) { LEDS = (uint32_t)on; }
