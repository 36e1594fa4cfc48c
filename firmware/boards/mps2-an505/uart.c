/* UART0 of the CMSDK, as the secure world sees it. */
#include "board.h"
#include "cortex.h"
#include "line.h"

#define PERIPHERAL_HZ 20000000u
#define DIVIDER ((PERIPHERAL_HZ + BOARD_BAUD / 2) / BOARD_BAUD)
_Static_assert(DIVIDER >= 16 && DIVIDER < 1u << 20, "the baud rate is none of this UART: 20 to 1250000");

#define UART_DATA REG(0x50200000)
#define UART_STATE REG(0x50200004)
#define UART_CONTROL REG(0x50200008)
#define UART_INTERRUPT REG(0x5020000C)
#define UART_DIVIDER REG(0x50200010)

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
