#include "line.h"

#include "core.h"

/* A power of two: a window of frames that comes while the TRE works, and more. */
#define SIZE 4096u

static uint8_t ring[SIZE];
static volatile uint32_t head; /* moved by the interrupt */
static volatile uint32_t tail; /* moved by the main loop */

IN_RAM void line_received(uint8_t octet) {
  uint32_t at = head;
  if (at - tail == SIZE) return;
  ring[at % SIZE] = octet;
  head = at + 1;
}

uint32_t line_take(uint8_t *out, uint32_t room) {
  uint32_t from = tail;
  uint32_t length = head - from;
  if (length > room) length = room;
  for (uint32_t i = 0; i < length; i++) out[i] = ring[(from + i) % SIZE];
  tail = from + length;
  return length;
}

int line_is_empty(void) { return head == tail; }
