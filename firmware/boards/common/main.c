/* The board's main loop: octets to the TRE, time to the TRE, sleep. */
#include "board.h"
#include "core.h"
#include "failed_start.h"
#include "faults.h"
#include "line.h"
#include "machine.h"
#include "time.h"
#include "update.h"

int main(void) {
  board_init();
  time_init();
  /* What comes while the TRE starts waits in the ring; and the start may have an answer to give. */
  board_uart_init();
  interrupts_on();
  start_begins();
  machine_start(faulted_request());
  start_succeeded();
  board_led(1);
  for (;;) {
    uint32_t room;
    uint8_t *octets = machine_line(&room);
    uint32_t length = line_take(octets, room);
    time_progress();
    /* Whatever waits: a host that is never silent must not stop the time. */
    if (time_tick_due()) machine_tick();
    if (update_wants_restart()) restart();
    if (length > 0) {
      board_led(0);
      machine_receive(length);
      board_led(1);
    } else {
      /* An octet that comes between the look and the sleep stays pending, and wakes the core. */
      interrupts_off();
      if (line_is_empty()) wait_for_interrupt();
      interrupts_on();
    }
  }
}
