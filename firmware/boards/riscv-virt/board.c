/* QEMU's own RISC-V machine `virt`, with one core of 32 bits. It has no LED and no watchdog. */
#include "board.h"
#include "core.h"

const char board_target[] = BOARD_NAME;
/* It has no frequency: an instruction takes as long as it takes. */
const uint32_t board_core_hz = 0;

#define TEST_FINISHER REG(0x00100000)
#define FINISH_RESET 0x7777u

void board_init(void) {}

void reset_system(void) {
  TEST_FINISHER = FINISH_RESET;
  for (;;) {
  }
}

void board_watchdog_feed(void) {}
int board_watchdog_warns(void) { return 0; }
void board_led(int on) { (void)on; }
