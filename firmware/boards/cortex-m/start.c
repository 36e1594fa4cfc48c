/* From the reset to `main`: memory, stacks, vectors. */
#include <string.h>

#include "core.h"
#include "faults.h"
#include "time.h"

extern uint32_t __data_start[], __data_end[], __data_load[];
extern uint32_t __bss_start[], __bss_end[];
extern uint32_t __guard_start[], __stack_start[], __stack_end[];
extern uint32_t __handler_stack_end[];

int main(void);
void start(void);
void uart_interrupt(void);

/* A fresh stack, so that a look at the RAM tells how deep it got. */
#define STACK_PAINT 0x5AC35AC3u

typedef void (*vector)(void);

#define VECTORS (16 + BOARD_UART_IRQ + 1)

__attribute__((naked, noreturn)) static void reset_handler(void) { __asm volatile("cpsid i\n bl start\n b ."); }

/* 16 of the core, then the interrupts; every one but the UART's is a fault, and all faults are hard ones. */
__attribute__((section(".vectors"), used)) static const vector vectors[VECTORS] = {
    [0] = (vector)(uintptr_t)__handler_stack_end,
    [1] = reset_handler,
    [2] = watchdog_warning,
    [3 ... 14] = fault,
    [15] = time_interrupt,
#if BOARD_UART_IRQ > 0
    [16 ... 16 + BOARD_UART_IRQ - 1] = fault,
#endif
    [16 + BOARD_UART_IRQ] = uart_interrupt,
};

/* Interrupts are served while the flash is busy, so nothing they need lies there. */
static vector ram_vectors[VECTORS] __attribute__((aligned(512)));

#ifndef __ARM_ARCH_8M_MAIN__
#ifdef BOOT_STAGE_AT
/* Nobody writes or runs the boot stage from here on; a firmware that was linked to lie in its place has none. */
static void protect_boot_stage(void) {
  if ((uintptr_t)vectors < BOOT_STAGE_AT + BOOT_STAGE_SIZE) return;
  MPU_RNR = 1;
  MPU_RBAR = BOOT_STAGE_AT;
  MPU_RASR = 1u << 28 | 6u << 24 | ((31u - (uint32_t)__builtin_clz(BOOT_STAGE_SIZE)) - 1u) << 1 | 1u;
}
#else
static void protect_boot_stage(void) {}
#endif
#endif

/* Below the stack nothing may be touched; larger than any frame, so that none steps over it. */
static void guard_stack(void) {
#ifdef __ARM_ARCH_8M_MAIN__
  __asm volatile("msr psplim, %0" ::"r"(__stack_start));
#else
  /* No access, no execution, 2 KiB. */
  protect_boot_stage();
  MPU_RNR = 0;
  MPU_RBAR = (uint32_t)(uintptr_t)__guard_start;
  MPU_RASR = 1u << 28 | 10u << 1 | 1u;
  MPU_CTRL = MPU_ENABLE;
  __asm volatile("dsb\n isb" ::: "memory");
#endif
}

void start(void) {
  memcpy(__data_start, __data_load, (uintptr_t)__data_end - (uintptr_t)__data_start);
  memset(__bss_start, 0, (uintptr_t)__bss_end - (uintptr_t)__bss_start);
  for (uint32_t *word = __stack_start; word < __stack_end; word++) *word = STACK_PAINT;
  /* What a boot loader has left pending is nobody's. */
  for (int i = 0; i < NVIC_WORDS; i++) {
    NVIC_ICER[i] = ~0u;
    NVIC_ICPR[i] = ~0u;
  }
  memcpy(ram_vectors, vectors, sizeof vectors);
  SCB_VTOR = (uint32_t)(uintptr_t)ram_vectors;
  guard_stack();
  /* Threads run on a stack of their own at the very start of the RAM: what overflows it faults, on a stack that holds. */
  __asm volatile(
      "msr psp, %0\n"
      "movs r0, #2\n"
      "msr control, r0\n"
      "isb\n"
      "bl main\n"
      "b .\n" ::"r"(__stack_end)
      : "r0", "memory");
}
