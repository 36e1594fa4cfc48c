#include "board.h"
#include "core.h"

void start_ticks(uint32_t hz) {
  SYST_RVR = board_core_hz / hz - 1;
  SYST_CVR = 0;
  SYST_CSR = SYST_ENABLE_INTERRUPT_CORE_CLOCK;
}
