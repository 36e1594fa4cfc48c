/* UART0 of the CMSDK. */
#include "board.h"
#include "line.h"
#include "registers.h"

#define DIVIDER ((CORE_HZ + BOARD_BAUD / 2) / BOARD_BAUD)
_Static_assert(DIVIDER >= 16 && DIVIDER < 1u << 20, "the baud rate is none of this UART");

#define UART_DATA REG(UART_BASE)
#define UART_STATE REG(UART_BASE + 0x04)
#define UART_CONTROL REG(UART_BASE + 0x08)
#define UART_INTERRUPT REG(UART_BASE + 0x0C)
#define UART_DIVIDER REG(UART_BASE + 0x10)

#define STATE_TX_FULL 1u
#define STATE_RX_FULL 2u
#define INTERRUPT_RX 2u
#define ENABLE_TX_RX_RX_INTERRUPT (1u | 2u | 8u)

void board_uart_init(void) {
  UART_DIVIDER = DIVIDER;
  UART_CONTROL = ENABLE_TX_RX_RX_INTERRUPT;
  enable_irq(BOARD_UART_IRQ);
}

IN_RAM void uart_interrupt(void) {
  UART_INTERRUPT = INTERRUPT_RX;
  while (UART_STATE & STATE_RX_FULL) line_received((uint8_t)UART_DATA);
}

void board_uart_write(const uint8_t *octets, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) {
    while (UART_STATE & STATE_TX_FULL) {
    }
    UART_DATA = octets[i];
  }
}
