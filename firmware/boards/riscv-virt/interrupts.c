/* The two interrupts that there are: of the core's timer (CLINT), and of the UART through the platform's controller (PLIC). */
#include "board.h"
#include "core.h"
#include "faults.h"
#include "interrupts.h"
#include "time.h"

#define TIMER_HZ 10000000u
#define TIMER 7u
#define EXTERNAL 11u

#define MTIMECMP_LOW REG(0x02004000)
#define MTIMECMP_HIGH REG(0x02004004)
#define MTIME_LOW REG(0x0200BFF8)
#define MTIME_HIGH REG(0x0200BFFC)

#define PLIC_PRIORITY(source) REG(0x0C000000 + 4 * (source))
#define PLIC_ENABLE REG(0x0C002000)
#define PLIC_THRESHOLD REG(0x0C200000)
#define PLIC_CLAIM REG(0x0C200004)

static uint32_t period;
static uint64_t next;

static uint64_t now(void) {
  uint32_t high, low;
  do {
    high = MTIME_HIGH;
    low = MTIME_LOW;
  } while (high != MTIME_HIGH);
  return (uint64_t)high << 32 | low;
}

/* In three steps, so that none of them is in the past. */
static void wake_at(uint64_t time) {
  MTIMECMP_HIGH = UINT32_MAX;
  MTIMECMP_LOW = (uint32_t)time;
  MTIMECMP_HIGH = (uint32_t)(time >> 32);
}

void start_ticks(uint32_t hz) {
  period = TIMER_HZ / hz;
  next = now() + period;
  wake_at(next);
  CSR_SET(mie, MIE_TIMER);
}

void enable_irq(uint32_t source) {
  PLIC_PRIORITY(source) = 1;
  PLIC_ENABLE = 1u << source;
  PLIC_THRESHOLD = 0;
  CSR_SET(mie, MIE_EXTERNAL);
}

static void external(void) {
  uint32_t source = PLIC_CLAIM;
  /* None: it has gone again. */
  if (source == 0) return;
  if (source != BOARD_UART_IRQ) fault();
  uart_interrupt();
  PLIC_CLAIM = source;
}

void board_interrupt(uint32_t number) {
  switch (number) {
    case TIMER:
      /* Each tick counts, also where the core got none in time. */
      next += period;
      wake_at(next);
      time_interrupt();
      break;
    case EXTERNAL:
      external();
      break;
    default:
      fault();
  }
}
