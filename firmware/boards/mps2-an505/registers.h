/* Arm MPS2+ with the FPGA image AN505, a Cortex-M33: its peripherals as the secure world sees them. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include "core.h"

#define CORE_HZ 20000000u
#define UART_BASE 0x50200000
#define WATCHDOG_BASE 0x50081000
#define LEDS REG(0x50302000)
/* 16 MB of PSRAM. */
#define PSRAM_BASE 0x80000000

#endif
