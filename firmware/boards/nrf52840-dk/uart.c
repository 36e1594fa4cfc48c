/* UART0 on the pins that lead to the serial port of the kit's J-Link: TX P0.06, RX P0.08. */
#include "board.h"
#include "line.h"
#include "registers.h"

#define PERIPHERAL_HZ 16000000u
/* In units of 2^-32 of the clock, of which the lowest 12 bits do not count. */
#define RATE ((uint32_t)((((uint64_t)BOARD_BAUD << 32) / PERIPHERAL_HZ + 0x800u) & 0xfffff000u))
_Static_assert(BOARD_BAUD >= 1200 && BOARD_BAUD <= 1000000, "the baud rate is none of this UART: 1200 to 1000000");

#define TX_PIN 6u
#define RX_PIN 8u
/* Without a host on the USB side nobody drives the pin. */
#define INPUT_WITH_PULL_UP (3u << 2)

#define ENABLE_UART 4u
#define INTERRUPT_RX (1u << 2)
#define INTERRUPT_ERROR (1u << 9)
#define FRAMING_OR_BREAK (1u << 2 | 1u << 3)

void board_uart_init(void) {
  GPIO_OUTSET = 1u << TX_PIN;
  GPIO_DIRSET = 1u << TX_PIN;
  GPIO_PIN_CNF(RX_PIN) = INPUT_WITH_PULL_UP;
  UART_PSEL_TXD = TX_PIN;
  UART_PSEL_RXD = RX_PIN;
  UART_BAUDRATE = RATE;
  UART_CONFIG = 0;
  UART_ENABLE = ENABLE_UART;
  UART_RXDRDY = 0;
  UART_ERROR = 0;
  UART_INTENSET = INTERRUPT_RX | INTERRUPT_ERROR;
  UART_STARTTX = 1;
  UART_STARTRX = 1;
  enable_irq(BOARD_UART_IRQ);
}

/* An event is cleared before the octet is taken: taking it lets the next one of the six up, and that is a new event. */
IN_RAM void uart_interrupt(void) {
  if (UART_ERROR) {
    UART_ERROR = 0;
    const uint32_t errors = UART_ERRORSRC;
    UART_ERRORSRC = errors;
    /* Without a stop bit it was a BREAK or noise: whatever frame was under way is none any more. */
    if (errors & FRAMING_OR_BREAK) line_received(0);
  }
  while (UART_RXDRDY) {
    UART_RXDRDY = 0;
    /* The event is gone when it reads as gone; before that the interrupt would come again. */
    (void)(uint32_t)UART_RXDRDY;
    line_received((uint8_t)UART_RXD);
  }
}

void board_uart_write(const uint8_t *octets, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) {
    UART_TXDRDY = 0;
    UART_TXD = octets[i];
    while (UART_TXDRDY == 0) {
    }
  }
}
