#include "time.h"

#include "board.h"
#include "core.h"

#define HZ 100u
#define TICKS_A_SECOND 2u
/*
 * No command takes longer: two RSA-2048 key pairs were counted at 4 to 10 thousand million instructions, about a minute
 * at 168 MHz, and can need several times that.
 */
#define LONGEST_COMMAND_S 600u

/* Hundredths of a second. A variable, so that a test can shorten it. */
uint32_t time_longest_command = LONGEST_COMMAND_S * HZ;

static volatile uint32_t now;
static volatile uint32_t seconds;
static volatile uint32_t progress;
static uint32_t ticked;

void time_init(void) { start_ticks(HZ); }

/*
 * Feeds the watchdog as long as the main loop shows that it is alive: a hang ends as a fault does, or, where interrupts
 * are off, by the watchdog; a long command does not.
 */
IN_RAM void time_interrupt(void) {
  static uint32_t hundredths;
  now++;
  if (++hundredths == HZ) {
    hundredths = 0;
    seconds++;
  }
  if (now - progress < time_longest_command) board_watchdog_feed();
  else pend_fault();
}

uint32_t time_hundredths(void) { return now; }

uint32_t time_seconds(void) { return seconds; }

int time_tick_due(void) {
  uint32_t at = now;
  if (at - ticked < HZ / TICKS_A_SECOND) return 0;
  ticked = at;
  return 1;
}

void time_progress(void) { progress = now; }
