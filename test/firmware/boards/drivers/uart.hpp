/*
 * The UART of a board in place of its registers, for the driver compiled as C++: every access to a register becomes a call
 * (uart.cpp). The headers of the hardware keep their names and addresses.
 */
#ifndef UART_HPP
#define UART_HPP

/* What is of the core alone. */
#define CORE_H
#define CORTEX_H
#define INTERRUPTS_H

#include <stdint.h>

extern "C" {
#include "board.h"
#include "line.h"
void uart_interrupt(void);
}

#define IN_RAM
#define BOARD_BAUD 115200u
#define BOARD_UART_IRQ 0u
#define enable_irq(number) ((void)(number))

uint32_t read_register(uint32_t address);
void write_register(uint32_t address, uint32_t value);

struct Register {
  uint32_t address;
  operator uint32_t() const { return read_register(address); }
  void operator=(uint32_t value) const { write_register(address, value); }
};

#define REG(address) (Register{(uint32_t)(address)})
#define REG8(address) REG(address)

#endif
