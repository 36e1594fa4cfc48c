/* Arm MPS2+ with the FPGA image AN505, a Cortex-M33 in its secure world (in QEMU `mps2-an505`). */
#include "board.h"
#include "cortex.h"

const char board_target[] = "mps2-an505";
const uint32_t board_core_hz = 20000000;

#define WATCHDOG_LOAD REG(0x50081000)
#define WATCHDOG_CONTROL REG(0x50081008)
#define WATCHDOG_CLEAR REG(0x5008100C)
#define WATCHDOG_RAW REG(0x50081010)
#define WATCHDOG_LOCK REG(0x50081C00)
#define WATCHDOG_UNLOCK 0x1ACCE551u
/* An interrupt after 2 s, which is not maskable, and a reset 2 s later. */
#define WATCHDOG_WARN_AND_RESET 3u
#define WARNING_S 2u

#define LEDS REG(0x50302000)

void board_init(void) {
  WATCHDOG_LOCK = WATCHDOG_UNLOCK;
  WATCHDOG_LOAD = WARNING_S * board_core_hz;
  WATCHDOG_CONTROL = WATCHDOG_WARN_AND_RESET;
}

IN_RAM void board_watchdog_feed(void) { WATCHDOG_CLEAR = 1; }

/* The interrupt also comes without a reason, once, when the watchdog is enabled. */
int board_watchdog_warns(void) { return WATCHDOG_RAW != 0; }

void board_led(int on) { LEDS = (uint32_t)on; }
