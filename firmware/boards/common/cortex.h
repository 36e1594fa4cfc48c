/* What every Cortex-M has: its system registers, and the linker's symbols. */
#ifndef CORTEX_H
#define CORTEX_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))

#define SYST_CSR REG(0xE000E010)
#define SYST_RVR REG(0xE000E014)
#define SYST_CVR REG(0xE000E018)
#define SYST_ENABLE_INTERRUPT_CORE_CLOCK 7u

#define NVIC_ISER ((volatile uint32_t *)0xE000E100)
#define SCB_VTOR REG(0xE000ED08)
#define SCB_AIRCR REG(0xE000ED0C)
#define AIRCR_RESET 0x05FA0004u

static inline void interrupts_off(void) { __asm volatile("cpsid i" ::: "memory"); }
static inline void interrupts_on(void) { __asm volatile("cpsie i" ::: "memory"); }
/* Wakes on a pending interrupt even where interrupts are off. */
static inline void wait_for_interrupt(void) { __asm volatile("dsb\n wfi" ::: "memory"); }
/* What was written has arrived before what follows. */
static inline void barrier(void) { __asm volatile("dsb" ::: "memory"); }
static inline void enable_irq(uint32_t number) { NVIC_ISER[number / 32] = 1u << (number % 32); }

__attribute__((noreturn)) static inline void reset_system(void) {
  barrier();
  SCB_AIRCR = AIRCR_RESET;
  for (;;) {
  }
}

/* Code that runs while the flash is busy. */
#define IN_RAM __attribute__((section(".ramcode"), noinline, long_call))

#endif
