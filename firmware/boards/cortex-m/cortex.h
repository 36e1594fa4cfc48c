/* What every Cortex-M has: its system registers, and the linker's symbols. */
#ifndef CORTEX_H
#define CORTEX_H

#include "core.h"

#define SYST_CSR REG(0xE000E010)
#define SYST_RVR REG(0xE000E014)
#define SYST_CVR REG(0xE000E018)
#define SYST_ENABLE_INTERRUPT_CORE_CLOCK 7u

#define NVIC_ISER ((volatile uint32_t *)0xE000E100)
#define NVIC_ICER ((volatile uint32_t *)0xE000E180)
#define NVIC_ICPR ((volatile uint32_t *)0xE000E280)
#define NVIC_WORDS 8
#define SCB_ICSR REG(0xE000ED04)
#define ICSR_PENDSV (1u << 28)
#define SCB_VTOR REG(0xE000ED08)
#define SCB_AIRCR REG(0xE000ED0C)
#define AIRCR_RESET 0x05FA0004u

#define MPU_CTRL REG(0xE000ED94)
#define MPU_RNR REG(0xE000ED98)
#define MPU_RBAR REG(0xE000ED9C)
#define MPU_RASR REG(0xE000EDA0)
/* With the default map behind the regions. */
#define MPU_ENABLE 5u

static inline void interrupts_off(void) { __asm volatile("cpsid i" ::: "memory"); }
static inline void interrupts_on(void) { __asm volatile("cpsie i" ::: "memory"); }
/* Wakes on a pending interrupt even where interrupts are off. */
static inline void wait_for_interrupt(void) { __asm volatile("dsb\n wfi" ::: "memory"); }
/* What was written has arrived before what follows. */
static inline void barrier(void) { __asm volatile("dsb" ::: "memory"); }
static inline void enable_irq(uint32_t number) { NVIC_ISER[number / 32] = 1u << (number % 32); }

/* PendSV has the handler of faults here; raised by name, no interrupt has to reach into the flash. */
static inline void pend_fault(void) { SCB_ICSR = ICSR_PENDSV; }

static inline int32_t debugger_call(uint32_t operation, const uint32_t *block) {
  register uint32_t r0 __asm("r0") = operation;
  register const uint32_t *r1 __asm("r1") = block;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return (int32_t)r0;
}

__attribute__((noreturn)) static inline void reset_system(void) {
  barrier();
  SCB_AIRCR = AIRCR_RESET;
  for (;;) {
  }
}

/* Code that runs while the flash is busy. */
#define IN_RAM __attribute__((section(".ramcode"), noinline, long_call))

#endif
