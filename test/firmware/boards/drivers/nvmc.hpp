/*
 * The flash controller of the nRF52840 (Product Specification, clause NVMC) in place of its registers, for the driver
 * compiled as C++: every access to a register or a cell becomes a call. Whatever the specification forbids is counted.
 */
#ifndef NVMC_HPP
#define NVMC_HPP

/* These headers are of the hardware. */
#define REGISTERS_H
#define CORE_H

#include <stdint.h>

extern "C" {
#include "board.h"
}

#define IN_RAM

static inline void barrier(void) {}

enum register_name { READY, CONFIG, ERASEPAGE };
uint32_t read_register(register_name name);
void write_register(register_name name, uint32_t value);
uint32_t read_cell(uint32_t address, uint32_t size);
void write_cell(uint32_t address, uint32_t value, uint32_t size);

struct Register {
  register_name name;
  operator uint32_t() const { return read_register(name); }
  void operator=(uint32_t value) const { write_register(name, value); }
};

template <typename T>
struct Cell {
  uint32_t address;
  operator T() const { return (T)read_cell(address, sizeof(T)); }
  void operator=(T value) const { write_cell(address, value, sizeof(T)); }
};

#define NVMC_READY (Register{READY})
#define NVMC_CONFIG (Register{CONFIG})
#define NVMC_ERASEPAGE (Register{ERASEPAGE})
#define FLASH_CELL(type, address) (Cell<type>{(uint32_t)(address)})

#endif
