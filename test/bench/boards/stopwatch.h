/*
 * Virtual time of QEMU in nanoseconds: with `-icount shift=0` an instruction takes one. SysTick counts it at the core's
 * frequency.
 */
#ifndef STOPWATCH_H
#define STOPWATCH_H

#include "board.h"
#include "cortex.h"
#include "time.h"

static inline uint64_t stopwatch(void) {
  uint32_t before, count;
  do {
    before = time_hundredths();
    count = SYST_CVR;
  } while (before != time_hundredths());
  uint64_t ticks = (uint64_t)before * (SYST_RVR + 1) + (SYST_RVR - count);
  return ticks * 1000 / (board_core_hz / 1000000);
}

#endif
