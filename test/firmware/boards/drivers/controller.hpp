/*
 * The flash controller of the STM32F4 (RM0090 clause 3) in place of its registers, for the driver compiled as C++: every
 * access to a register or a cell becomes a call. It is strict: whatever the manual forbids is counted as a violation.
 */
#ifndef CONTROLLER_HPP
#define CONTROLLER_HPP

/* These headers are of the hardware. */
#define REGISTERS_H
#define CORTEX_H

#include <stdint.h>

extern "C" {
#include "board.h"
#include "boot.h"
#include "chip.h"
#include "protect.h"
}

#define BOARD_NAME "stm32f405"

#define IN_RAM

static inline void barrier(void) {}

enum register_name { ACR, KEYR, SR, CR, OPTKEYR, OPTCR };
uint32_t read_register(register_name name);
void write_register(register_name name, uint32_t value);
uint32_t read_cell(uint32_t address, uint32_t size);
void write_cell(uint32_t address, uint32_t value, uint32_t size);

struct Register {
  register_name name;
  operator uint32_t() const { return read_register(name); }
  void operator=(uint32_t value) const { write_register(name, value); }
  void operator|=(uint32_t value) const { write_register(name, read_register(name) | value); }
  void operator&=(uint32_t value) const { write_register(name, read_register(name) & value); }
};

template <typename T>
struct Cell {
  uint32_t address;
  operator T() const { return (T)read_cell(address, sizeof(T)); }
  void operator=(T value) const { write_cell(address, value, sizeof(T)); }
};

#define FLASH_ACR (Register{ACR})
#define FLASH_KEYR (Register{KEYR})
#define FLASH_SR (Register{SR})
#define FLASH_CR (Register{CR})
#define FLASH_OPTKEYR (Register{OPTKEYR})
#define FLASH_OPTCR (Register{OPTCR})
#define FLASH_CELL(type, address) (Cell<type>{(uint32_t)(address)})

#endif
