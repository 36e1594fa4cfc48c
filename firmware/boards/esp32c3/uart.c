/* UART0, on the pins where the ROM has said its own words: TX GPIO21, RX GPIO20. */
#include "board.h"
#include "interrupts.h"
#include "line.h"
#include "registers.h"

#define PERIPHERAL_HZ 40000000u
/* In sixteenths. */
#define DIVIDER ((16u * PERIPHERAL_HZ + BOARD_BAUD / 2) / BOARD_BAUD)
_Static_assert(DIVIDER >= 16u * 16u && DIVIDER <= 16u * 4095u, "the baud rate is none of this UART: 9768 to 2500000");

#define CLOCK_FROM_CRYSTAL (3u << 20 | 1u << 22 | 1u << 24 | 1u << 25)
#define UPDATE (1u << 31)
#define CONF0_8N1 (3u << 2 | 1u << 4)
#define CONF0_EMPTY_RX (1u << 17)
/* An interrupt from the first octet on. */
#define CONF1_RX_1 1u
#define INTERRUPT_RX 1u
#define INTERRUPT_FRAMING (1u << 3)
#define INTERRUPT_BREAK (1u << 7)
#define RX_COUNT(status) ((status) & 0x3ffu)
#define TX_COUNT(status) ((status) >> 16 & 0x3ffu)
#define TX_ROOM 120u

static void update(void) {
  UART_ID = UART_ID | UPDATE;
  while (UART_ID & UPDATE) {
  }
}

void board_uart_init(void) {
  /* The ROM's last words go out at the ROM's rate. */
  while (TX_COUNT(UART_STATUS) != 0) {
  }
  UART_CLK_CONF = CLOCK_FROM_CRYSTAL;
  UART_CLKDIV = DIVIDER / 16u | (DIVIDER % 16u) << 20;
  UART_CONF0 = CONF0_8N1 | CONF0_EMPTY_RX;
  update();
  UART_CONF0 = CONF0_8N1;
  UART_CONF1 = CONF1_RX_1;
  update();
  UART_INT_CLR = UINT32_MAX;
  UART_INT_ENA = INTERRUPT_RX | INTERRUPT_FRAMING | INTERRUPT_BREAK;
  enable_irq(BOARD_UART_IRQ);
}

/* The interrupt of an octet comes again as long as there is one; it is ended behind the last. */
void uart_interrupt(void) {
  const uint32_t why = UART_INT_ST;
  UART_INT_CLR = why & (INTERRUPT_FRAMING | INTERRUPT_BREAK);
  /* Without a stop bit it was a BREAK or noise: whatever frame was under way is none any more. */
  if (why & (INTERRUPT_FRAMING | INTERRUPT_BREAK)) line_received(0);
  while (RX_COUNT(UART_STATUS) != 0) line_received((uint8_t)UART_FIFO);
  UART_INT_CLR = INTERRUPT_RX;
}

void board_uart_write(const uint8_t *octets, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) {
    while (TX_COUNT(UART_STATUS) >= TX_ROOM) {
    }
    UART_FIFO = octets[i];
  }
}
