/*
 * What the common code asks of a core; each architecture has it in a folder beside this one.
 *
 *   REG(address), REG8(address)         a register of a peripheral
 *   interrupts_off(), interrupts_on()
 *   wait_for_interrupt()                wakes on a pending interrupt even where interrupts are off
 *   barrier()                           what was written has arrived before what follows
 *   pend_fault()                        for interrupts: the handler of faults runs, at once or behind them
 *   reset_system()                      does not return
 *   debugger_call(operation, block)     semihosting
 *   IN_RAM                              of functions that run while the flash is busy
 */
#ifndef CORE_H
#define CORE_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define REG8(address) (*(volatile uint8_t *)(address))

#ifdef __riscv
#include "riscv.h"
#else
#include "cortex.h"
#endif

/* From now on `time_interrupt` runs so many times a second. */
void start_ticks(uint32_t hz);

#endif
