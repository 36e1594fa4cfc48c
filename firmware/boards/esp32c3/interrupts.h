#ifndef INTERRUPTS_H
#define INTERRUPTS_H

#include <stdint.h>

/* By its number in the interrupt matrix. */
void enable_irq(uint32_t source);
void uart_interrupt(void);

#endif
