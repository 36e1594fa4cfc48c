/* USART6, TX on PC6 and RX on PC7: the one serial port that all of these boards bring out. */
#include "board.h"
#include "clock.h"
#include "line.h"
#include "registers.h"

#define PERIPHERAL_HZ 84000000u

#define DIVIDER ((PERIPHERAL_HZ + BOARD_BAUD / 2) / BOARD_BAUD)
_Static_assert(DIVIDER >= 16 && DIVIDER <= 0xffff, "the baud rate is none of this UART: 1282 to 5250000");

#define TX_EMPTY (1u << 7)
#define TX_COMPLETE (1u << 6)
#define RX_FULL (1u << 5)
#define RX_OVERRUN (1u << 3)
#define RX_FRAMING (1u << 1)

#define ENABLE_RX_TX_RX_INTERRUPT (1u << 13 | 1u << 5 | 1u << 3 | 1u << 2)
#define ALTERNATE_USART6 8u

void board_uart_init(void) {
  clock_usart6();
  clock_gpio(PORT_C);
  GPIO_AFRL(PORT_C) = (GPIO_AFRL(PORT_C) & 0x00ffffffu) | ALTERNATE_USART6 << 24 | ALTERNATE_USART6 << 28;
  GPIO_MODER(PORT_C) = (GPIO_MODER(PORT_C) & ~(15u << 12)) | 10u << 12;
  USART6_BRR = DIVIDER;
  USART6_CR1 = ENABLE_RX_TX_RX_INTERRUPT;
  enable_irq(BOARD_UART_IRQ);
}

IN_RAM void uart_interrupt(void) {
  const uint32_t status = USART6_SR;
  if ((status & (RX_FULL | RX_OVERRUN)) == 0) return;
  /* Reading DR after SR clears every error. */
  const uint8_t octet = (uint8_t)USART6_DR;
  /* Without a stop bit it was a BREAK or noise: whatever frame was under way is none any more. */
  if (status & RX_FULL) line_received(status & RX_FRAMING ? 0 : octet);
}

/* Polled: there is nothing else to do before the answer is out, and reception goes on meanwhile. */
void board_uart_write(const uint8_t *octets, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) {
    while ((USART6_SR & TX_EMPTY) == 0) {
    }
    USART6_DR = octets[i];
  }
  /* A reset that follows must not cut the last octet short. */
  while ((USART6_SR & TX_COMPLETE) == 0) {
  }
}
