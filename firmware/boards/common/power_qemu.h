/* Power cuts where a rig wants them. */
#ifndef POWER_QEMU_H
#define POWER_QEMU_H

#include <stdint.h>

#define POWER_HOLDS UINT32_MAX

/* Asked before each program and erase: octets of it that still happen, or POWER_HOLDS. */
uint32_t power_octets_left(void);
/* The power is off. */
__attribute__((noreturn)) void power_off(void);

#endif
