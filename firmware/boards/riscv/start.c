/* From the reset to `main`, and from a trap to its handler: memory, stacks. */
#include <string.h>

#include "core.h"

extern uint32_t __data_start[], __data_end[], __data_load[];
extern uint32_t __bss_start[], __bss_end[];
extern uint32_t __guard_start[], __stack_start[], __stack_end[];

int main(void);
void start(void);
void vectors(void);

/* A fresh stack, so that a look at the RAM tells how deep it got. */
#define STACK_PAINT 0x5AC35AC3u

/* Where the core begins; and the linker's entry, which has this name on every core. */
__attribute__((naked, noreturn, used, section(".vectors"))) void vectors(void) {
  __asm volatile(WITH_CSR("csrci mstatus, " MSTATUS_MIE "\n la sp, __handler_stack_end\n j start"));
}

/*
 * Handlers have a stack of their own, which is empty at every trap: interrupts are off in them, and a fault does not
 * return. So whatever became of the stack that was in use, nothing is written to it.
 */
__attribute__((naked, section(".ramcode"), used)) static void trap(void) {
  __asm volatile(WITH_CSR(
      "csrw mscratch, t0\n"
      "csrr t0, mcause\n"
      "bltz t0, 1f\n"
      "la sp, __handler_stack_end\n"
      "tail fault\n"
      "1:\n"
      "mv t0, sp\n"
      "la sp, __handler_stack_end - 80\n"
      "sw t0, 0(sp)\n"
      "csrr t0, mscratch\n"
      "sw t0, 4(sp)\n sw t1, 8(sp)\n sw t2, 12(sp)\n sw t3, 16(sp)\n sw t4, 20(sp)\n sw t5, 24(sp)\n sw t6, 28(sp)\n"
      "sw a0, 32(sp)\n sw a1, 36(sp)\n sw a2, 40(sp)\n sw a3, 44(sp)\n sw a4, 48(sp)\n sw a5, 52(sp)\n"
      "sw a6, 56(sp)\n sw a7, 60(sp)\n sw ra, 64(sp)\n"
      "csrr a0, mcause\n"
      "slli a0, a0, 1\n srli a0, a0, 1\n"
      "call board_interrupt\n"
      "lw t0, 4(sp)\n lw t1, 8(sp)\n lw t2, 12(sp)\n lw t3, 16(sp)\n lw t4, 20(sp)\n lw t5, 24(sp)\n lw t6, 28(sp)\n"
      "lw a0, 32(sp)\n lw a1, 36(sp)\n lw a2, 40(sp)\n lw a3, 44(sp)\n lw a4, 48(sp)\n lw a5, 52(sp)\n"
      "lw a6, 56(sp)\n lw a7, 60(sp)\n lw ra, 64(sp)\n"
      "lw sp, 0(sp)\n"
      "mret"));
}

/* Faults come to the first entry and interrupt N to entry N; some cores know no other way, and want it aligned to 256. */
#define VECTORED 1u

__attribute__((naked, aligned(256), section(".ramcode"))) static void trap_table(void) {
  __asm volatile(".option push\n .option norvc\n .rept 32\n j trap\n .endr\n .option pop");
}

/* A region of physical memory protection: a power of two in size, locked, which holds for machine mode, too; no access. */
#define PMP_LOCKED_POWER_OF_TWO 0x98u
#define GUARD_SIZE 2048u

/* Below the stack nothing may be touched; larger than any frame, so that none steps over it. */
static void guard_stack(void) {
  CSR_WRITE(pmpaddr0, (uint32_t)(uintptr_t)__guard_start >> 2 | (GUARD_SIZE / 8 - 1));
  CSR_WRITE(pmpcfg0, PMP_LOCKED_POWER_OF_TWO);
}

void start(void) {
  memcpy(__data_start, __data_load, (uintptr_t)__data_end - (uintptr_t)__data_start);
  memset(__bss_start, 0, (uintptr_t)__bss_end - (uintptr_t)__bss_start);
  for (uint32_t *word = __stack_start; word < __stack_end; word++) *word = STACK_PAINT;
  CSR_WRITE(mtvec, (uint32_t)(uintptr_t)trap_table | VECTORED);
  guard_stack();
  /* The stack at the very start of the RAM: what overflows it faults, on a stack that holds. */
  __asm volatile("la sp, __stack_end\n call main\n 1: j 1b" ::: "memory");
  __builtin_unreachable();
}
