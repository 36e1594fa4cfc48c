/* The board's main loop with a meter around the TRE: instructions of all that it did so far. */
#include "board.h"
#include "cortex.h"
#include "faults.h"
#include "line.h"
#include "machine.h"
#include "../stopwatch.h"
#include "time.h"

/* Read from outside, through QEMU's monitor. */
volatile uint64_t bench_instructions;

/* The heap is one free piece between commands: what lies in it behind its head is nobody's. */
#define HEAP_SIZE (16u * 1024u)
#define HEAP_HEAD 512u
#define PAINT 0x5AC35AC3u
extern uint8_t tre_heap[HEAP_SIZE];

static void paint_heap(void) {
  for (uint32_t at = HEAP_HEAD; at < HEAP_SIZE; at += 4) *(uint32_t *)(tre_heap + at) = PAINT;
}

int main(void) {
  board_init();
  time_init();
  board_uart_init();
  interrupts_on();
  machine_start(faulted_request());
  paint_heap();
  for (;;) {
    uint32_t room;
    uint8_t *octets = machine_line(&room);
    uint32_t length = line_take(octets, room);
    time_progress();
    if (length > 0) {
      uint64_t begun = stopwatch();
      machine_receive(length);
      bench_instructions += stopwatch() - begun;
    } else if (time_tick_due()) {
      machine_tick();
    } else {
      interrupts_off();
      if (line_is_empty()) wait_for_interrupt();
      interrupts_on();
    }
  }
}
