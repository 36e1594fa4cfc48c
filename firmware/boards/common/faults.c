#include "faults.h"

#include "board.h"
#include "cortex.h"
#include "machine.h"
#include "time.h"

#define MAGIC 0x54524146u
#define FAILED_START_S 3u

/* Survives a reset, not a power cut. */
static struct {
  uint32_t magic;
  int32_t request;
  uint32_t check;
} note __attribute__((section(".noinit")));

static uint32_t check_of(int32_t request) { return ~((uint32_t)MAGIC ^ (uint32_t)request); }

void fault(void) {
  note.request = machine_executing();
  note.check = check_of(note.request);
  note.magic = MAGIC;
  reset_system();
}

/* The last warning of a watchdog: a command that hangs is answered like one that faults. */
void watchdog_warning(void) {
  if (board_watchdog_warns()) fault();
}

int32_t faulted_request(void) {
  int32_t request = note.magic == MAGIC && note.check == check_of(note.request) ? note.request : -1;
  note.magic = 0;
  return request;
}

void start_failed(void) {
  uint32_t until = time_seconds() + FAILED_START_S;
  while (time_seconds() < until) {
    time_progress();
    wait_for_interrupt();
  }
  reset_system();
}
