#include "failed_start.h"

#include "cortex.h"
#include "time.h"

#define PAUSE_S 3u

void start_failed(void) {
  uint32_t until = time_seconds() + PAUSE_S;
  while (time_seconds() < until) {
    time_progress();
    wait_for_interrupt();
  }
  reset_system();
}
