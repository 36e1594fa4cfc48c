/* The boot stage: from the reset to the firmware in a slot. */
#include <string.h>

#include "board.h"
#include "boot.h"
#include "core.h"
#include "stage.h"

extern uint32_t __data_start[], __data_end[], __data_load[];
extern uint32_t __bss_start[], __bss_end[], __stack_end[];

void start(void);

__attribute__((naked, noreturn)) static void reset_handler(void) { __asm volatile("cpsid i\n bl start\n b ."); }

/* A fault here is tried again: the watchdog resets. */
static void stop(void) {
  for (;;) {
  }
}

typedef void (*vector)(void);
__attribute__((section(".vectors"), used)) static const vector vectors[16] = {
    [0] = (vector)(uintptr_t)__stack_end,
    [1] = reset_handler,
    [2 ... 15] = stop,
};

/* As the reset itself would start it, but for the watchdog that runs. */
__attribute__((noreturn)) static void jump(uint32_t image) {
  const uint32_t *first = (const uint32_t *)(uintptr_t)image;
  SCB_VTOR = image;
  barrier();
  __asm volatile("msr msp, %0\n bx %1" ::"r"(first[0]), "r"(first[1]));
  __builtin_unreachable();
}

static void write_text(const char *text) { board_uart_write((const uint8_t *)text, (uint32_t)strlen(text)); }

/* For a person with a terminal; a host takes it for noise. Until the watchdog ends it, and it is looked at anew. */
__attribute__((noreturn)) static void tell(const uint32_t faults[IMAGE_SLOTS]) {
  static const char *const words[] = {"starts", "has no firmware for this board", "is damaged", "is not signed by this factory"};
  board_uart_init();
  for (;;) {
    write_text("\r\nTRE boot stage: nothing to start; slot A ");
    write_text(words[faults[0] & 3]);
    write_text(", slot B ");
    write_text(words[faults[1] & 3]);
    write_text("\r\n");
    for (volatile uint32_t wait = 0; wait < STAGE_PAUSE; wait++) {
    }
  }
}

void start(void) {
  uint32_t faults[IMAGE_SLOTS] = {0};
  memcpy(__data_start, __data_load, (uintptr_t)__data_end - (uintptr_t)__data_start);
  memset(__bss_start, 0, (uintptr_t)__bss_end - (uintptr_t)__bss_start);
  stage_init();
  const int32_t slot = boot_select(faults);
  if (slot >= 0) jump(boot_slot_address((uint32_t)slot) + IMAGE_HEADER_SIZE);
  tell(faults);
}
