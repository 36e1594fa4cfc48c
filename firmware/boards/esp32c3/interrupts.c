/* The interrupt matrix: any source to any of the core's 31 lines. Two are used, both by level. */
#include "interrupts.h"

#include "faults.h"
#include "registers.h"
#include "time.h"

#define TIMER_SOURCE 37u
#define TIMER_LINE 1u
#define UART_LINE 2u

#define TIMER_HZ 16000000u
#define TIMER_CLOCK (1u << 31)
#define COUNTER_0_RUNS (1u << 30)
#define TARGET_0_RUNS (1u << 24)
#define PERIODIC (1u << 30)

static void route(uint32_t source, uint32_t line) {
  INTERRUPT_MAP(source) = line;
  INTERRUPT_TYPE &= ~(1u << line);
  INTERRUPT_PRIORITY(line) = 1;
  INTERRUPT_THRESHOLD = 1;
  INTERRUPT_ENABLE |= 1u << line;
}

void start_ticks(uint32_t hz) {
  /* What the ROM has left enabled is nobody's. */
  INTERRUPT_ENABLE = 0;
  SYSTIMER_CONF = TIMER_CLOCK | COUNTER_0_RUNS;
  SYSTIMER_TARGET0_CONF = TIMER_HZ / hz;
  SYSTIMER_COMP0_LOAD = 1;
  SYSTIMER_TARGET0_CONF = PERIODIC | TIMER_HZ / hz;
  SYSTIMER_CONF = TIMER_CLOCK | COUNTER_0_RUNS | TARGET_0_RUNS;
  SYSTIMER_INT_CLR = 1;
  SYSTIMER_INT_ENA = 1;
  route(TIMER_SOURCE, TIMER_LINE);
}

void enable_irq(uint32_t source) { route(source, UART_LINE); }

void board_interrupt(uint32_t number) {
  switch (number) {
    case TIMER_LINE:
      SYSTIMER_INT_CLR = 1;
      time_interrupt();
      break;
    case UART_LINE:
      uart_interrupt();
      break;
    default:
      fault();
  }
}
