#include "faults.h"

#include "board.h"
#include "core.h"
#include "machine.h"

#define MAGIC 0x54524146u

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
