/* Clock and watchdogs. Boards with this chip have no LED in common. */
#include "board.h"

#include "registers.h"

const char board_target[] = BOARD_NAME;
/* The crystal's, undivided: the PLL wants a calibration that only ESP-IDF documents, by its source. */
const uint32_t board_core_hz = 40000000;

#define CLOCK_FROM_CRYSTAL 0u

#define WDT_KEY 0x50D83AA1u
#define SWD_KEY 0x8F1D312Au
#define SWD_FEEDS_ITSELF (1u << 31)
#define RTC_RESET (1u << 31)
/* Its first stage resets the core and the peripherals, and leaves the RAM alone. */
#define WDT_ENABLE (1u << 31)
#define WDT_STAGE_0_RESETS_CORE (3u << 28)
#define WDT_RESET_LENGTHS (7u << 16 | 7u << 13)
/* Of a clock of about 136 kHz; the stage takes twice as long as it says. */
#define WDT_8_S (8u * 136000u / 2u)

/* The ROM leaves three watchdogs running. One stays; the super watchdog, which looks after the supply, feeds itself. */
static void start_watchdog(void) {
  TIMG0_WDTWPROTECT = WDT_KEY;
  TIMG0_WDTCONFIG0 = 0;
  TIMG0_WDTWPROTECT = 0;
  RTC_SWD_WPROTECT = SWD_KEY;
  RTC_SWD_CONF |= SWD_FEEDS_ITSELF;
  RTC_SWD_WPROTECT = 0;
  RTC_WDTWPROTECT = WDT_KEY;
  RTC_WDTCONFIG0 = 0;
  RTC_WDTCONFIG1 = WDT_8_S;
  RTC_WDTCONFIG0 = WDT_ENABLE | WDT_STAGE_0_RESETS_CORE | WDT_RESET_LENGTHS;
  RTC_WDTFEED = 1u << 31;
  RTC_WDTWPROTECT = 0;
}

void board_init(void) {
  start_watchdog();
  SYSTEM_SYSCLK_CONF = CLOCK_FROM_CRYSTAL;
}

void board_watchdog_feed(void) {
  RTC_WDTWPROTECT = WDT_KEY;
  RTC_WDTFEED = 1u << 31;
  RTC_WDTWPROTECT = 0;
}

int board_watchdog_warns(void) { return 0; }

void reset_system(void) {
  RTC_OPTIONS0 |= RTC_RESET;
  for (;;) {
  }
}

void board_led(int on) { (void)on; }
