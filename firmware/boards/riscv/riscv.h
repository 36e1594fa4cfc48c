/* What every 32-bit RISC-V has in machine mode: its control registers. */
#ifndef RISCV_H
#define RISCV_H

#include "core.h"
#include "faults.h"

/* The compiler is not told of these instructions (firmware/build/toolchain.mjs): it would link another libgcc. */
#define WITH_CSR(instruction) ".option push\n .option arch, +zicsr\n " instruction "\n .option pop"
#define CSR_WRITE(name, value) __asm volatile(WITH_CSR("csrw " #name ", %0") ::"r"(value) : "memory")
#define CSR_SET(name, bits) __asm volatile(WITH_CSR("csrs " #name ", %0") ::"r"(bits) : "memory")

#define MSTATUS_MIE "8"
#define MIE_TIMER (1u << 7)
#define MIE_EXTERNAL (1u << 11)

static inline void interrupts_off(void) { __asm volatile(WITH_CSR("csrci mstatus, " MSTATUS_MIE)::: "memory"); }
static inline void interrupts_on(void) { __asm volatile(WITH_CSR("csrsi mstatus, " MSTATUS_MIE)::: "memory"); }
static inline void wait_for_interrupt(void) { __asm volatile("fence\n wfi" ::: "memory"); }
static inline void barrier(void) { __asm volatile("fence" ::: "memory"); }
/* Interrupts do not nest, and run on the stack that faults have, too. */
static inline void pend_fault(void) { fault(); }

/* QEMU knows a call by the two instructions around the breakpoint, which may not lie on two pages. */
static inline int32_t debugger_call(uint32_t operation, const uint32_t *block) {
  register uint32_t a0 __asm("a0") = operation;
  register const uint32_t *a1 __asm("a1") = block;
  __asm volatile(
      ".option push\n .option norvc\n .balign 16\n"
      "slli x0, x0, 0x1f\n ebreak\n srai x0, x0, 7\n"
      ".option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return (int32_t)a0;
}

/* Of the board: RISC-V has no register for it. */
__attribute__((noreturn)) void reset_system(void);
/* Of the board, on the handlers' stack: an interrupt of this number (`mcause`). One that nobody asked for is a fault. */
void board_interrupt(uint32_t number);

#define IN_RAM __attribute__((section(".ramcode"), noinline))

#endif
