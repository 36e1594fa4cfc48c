#include "failed_start.h"

#include <stdint.h>

#include "core.h"
#include "time.h"

#define MAGIC 0x54525354u
#define WITHOUT_PAUSE 2u
#define PAUSE_S 3u

/* Survives a reset, not a power cut. */
static struct {
  uint32_t magic, starts, check;
} count __attribute__((section(".noinit")));

static void set(uint32_t starts) {
  count.magic = MAGIC;
  count.starts = starts;
  count.check = MAGIC ^ ~starts;
}

void start_begins(void) {
  uint32_t before = count.magic == MAGIC && count.check == (MAGIC ^ ~count.starts) ? count.starts : 0;
  set(before + 1);
  if (before < WITHOUT_PAUSE) return;
  uint32_t until = time_seconds() + PAUSE_S;
  while (time_seconds() < until) {
    time_progress();
    wait_for_interrupt();
  }
}

void start_succeeded(void) { set(0); }

void start_failed(void) { reset_system(); }
