/* QEMU has no clock tree (RCC reads 0): its core runs at one frequency from the start. */
#include "board.h"
#include "clock.h"

const uint32_t board_core_hz = 168000000;

void clock_init(void) {}
void clock_gpio(uint32_t port) { (void)port; }
void clock_usart6(void) {}
