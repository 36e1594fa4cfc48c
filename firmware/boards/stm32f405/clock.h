#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

void clock_init(void);
/* A peripheral takes nothing before its clock is there, and reads 0: the debugger's pins are on port A. */
void clock_gpio(uint32_t port);
void clock_usart6(void);

#endif
