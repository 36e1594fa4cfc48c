/* Arm MPS2+ with the FPGA image AN386, a Cortex-M4: its peripherals. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include "core.h"

#define CORE_HZ 25000000u
#define UART_BASE 0x40004000
#define WATCHDOG_BASE 0x40008000
#define LEDS REG(0x40028000)
/* 16 MB of PSRAM. */
#define PSRAM_BASE 0x21000000

#endif
