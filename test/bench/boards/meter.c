/*
 * A meter around the board's own main loop, linked by `--wrap`: instructions of all that the TRE did, and a paint on the
 * heap that shows how far it is used.
 */
#include "machine.h"
#include "stopwatch.h"

/* As in firmware/crypto/tre_life.c. Between commands the heap is one free piece: behind its head it is nobody's. */
#define HEAP_SIZE (16u * 1024u)
#define HEAP_HEAD 512u
#define PAINT 0x5AC35AC3u
extern uint8_t tre_heap[HEAP_SIZE];

/* Read from outside, through QEMU's monitor. */
volatile uint64_t bench_instructions;

void __real_machine_start(int32_t trapped);
void __real_machine_receive(uint32_t length);

void __wrap_machine_start(int32_t trapped) {
  __real_machine_start(trapped);
  for (uint32_t at = HEAP_HEAD; at < HEAP_SIZE; at += 4) *(uint32_t *)(tre_heap + at) = PAINT;
}

void __wrap_machine_receive(uint32_t length) {
  uint64_t begun = stopwatch();
  __real_machine_receive(length);
  bench_instructions += stopwatch() - begun;
}
