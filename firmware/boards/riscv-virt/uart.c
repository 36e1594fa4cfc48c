/* The one UART of the machine, an NS16550A. */
#include "board.h"
#include "core.h"
#include "interrupts.h"
#include "line.h"

#define PERIPHERAL_HZ 3686400u
#define DIVIDER ((PERIPHERAL_HZ / 16 + BOARD_BAUD / 2) / BOARD_BAUD)
_Static_assert(DIVIDER >= 1 && DIVIDER <= 0xffff, "the baud rate is none of this UART: 4 to 230400");

#define UART_DATA REG8(0x10000000)
#define UART_DIVIDER_LOW REG8(0x10000000)
#define UART_INTERRUPTS REG8(0x10000001)
#define UART_DIVIDER_HIGH REG8(0x10000001)
#define UART_FIFO REG8(0x10000002)
#define UART_LINE REG8(0x10000003)
#define UART_STATUS REG8(0x10000005)

#define LINE_8N1 3u
#define LINE_DIVIDER (1u << 7)
/* Both emptied, and an interrupt from the first octet on. */
#define FIFO_ON 7u
#define INTERRUPT_RX 1u
#define STATUS_RX 1u
#define STATUS_FRAMING (1u << 3)
#define STATUS_BREAK (1u << 4)
#define STATUS_TX_EMPTY (1u << 5)

void board_uart_init(void) {
  UART_LINE = LINE_DIVIDER | LINE_8N1;
  UART_DIVIDER_LOW = DIVIDER & 0xff;
  UART_DIVIDER_HIGH = DIVIDER >> 8;
  UART_LINE = LINE_8N1;
  UART_FIFO = FIFO_ON;
  UART_INTERRUPTS = INTERRUPT_RX;
  enable_irq(BOARD_UART_IRQ);
}

/* Reading the status ends its errors; it tells of the octet that is read next. */
IN_RAM void uart_interrupt(void) {
  for (;;) {
    const uint8_t status = UART_STATUS;
    if ((status & STATUS_RX) == 0) return;
    const uint8_t octet = UART_DATA;
    /* Without a stop bit it was a BREAK or noise: whatever frame was under way is none any more. */
    line_received(status & (STATUS_FRAMING | STATUS_BREAK) ? 0 : octet);
  }
}

void board_uart_write(const uint8_t *octets, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) {
    while ((UART_STATUS & STATUS_TX_EMPTY) == 0) {
    }
    UART_DATA = octets[i];
  }
}
