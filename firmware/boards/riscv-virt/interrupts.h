#ifndef INTERRUPTS_H
#define INTERRUPTS_H

#include <stdint.h>

void enable_irq(uint32_t source);
void uart_interrupt(void);

#endif
