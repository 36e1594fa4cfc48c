/*
 * Receivers of two UARTs, with one octet of room each: USART6 of the STM32F4 (RM0090 clause 30.6.1 and 30.6.2), and UART0 of
 * the CMSDK (DDI 0479 clause 4.3). What is on the wire comes when a test says so, or in the middle of the driver.
 */
#include "uart.hpp"

#define USART_SR 0x40011400u
#define USART_DR 0x40011404u
#define USART_CR1 0x4001140cu
#define FE (1u << 1)
#define ORE (1u << 3)
#define RXNE (1u << 5)
#define TC (1u << 6)
#define TXE (1u << 7)
#define RXNEIE (1u << 5)
#define RE (1u << 2)
#define UE (1u << 13)

#define CMSDK_DATA 0x50200000u
#define CMSDK_STATE 0x50200004u
#define CMSDK_CONTROL 0x50200008u
#define CMSDK_INTERRUPT 0x5020000cu
#define STATE_RX_FULL 2u
#define STATE_RX_OVERRUN 8u
#define INTERRUPT_RX 2u
#define CONTROL_RX 2u
#define CONTROL_RX_INTERRUPT 8u

static uint32_t usart_status, usart_seen, usart_data, usart_control;
static uint32_t cmsdk_state, cmsdk_data, cmsdk_control, cmsdk_interrupt;
static uint32_t sent[64];

extern "C" {
/* Octets that were lost because nobody had taken the one before. */
uint32_t overruns;
uint32_t sent_count;
/* An octet that comes behind this many more accesses of the driver; 0 where none does. */
uint32_t later_in, later_octet;

void model_reset(void) {
  usart_status = TC | TXE;
  usart_seen = usart_data = usart_control = 0;
  cmsdk_state = cmsdk_data = cmsdk_control = cmsdk_interrupt = 0;
  overruns = sent_count = later_in = 0;
}

/* `framed`: with a stop bit. A BREAK is 0 without one. */
void usart_arrives(uint32_t octet, uint32_t framed) {
  if ((usart_control & (UE | RE)) != (UE | RE)) return;
  if (usart_status & RXNE) {
    usart_status |= ORE;
    overruns++;
    return;
  }
  usart_data = octet;
  usart_status |= RXNE | (framed ? 0 : FE);
}

uint32_t usart_interrupts(void) { return (usart_control & RXNEIE) != 0 && (usart_status & (RXNE | ORE)) != 0; }

/* It knows no stop bit; an octet that finds another one in its place is lost. */
void cmsdk_arrives(uint32_t octet, uint32_t) {
  if ((cmsdk_control & CONTROL_RX) == 0) return;
  if (cmsdk_state & STATE_RX_FULL) {
    cmsdk_state |= STATE_RX_OVERRUN;
    overruns++;
    return;
  }
  cmsdk_data = octet;
  cmsdk_state |= STATE_RX_FULL;
  if (cmsdk_control & CONTROL_RX_INTERRUPT) cmsdk_interrupt |= INTERRUPT_RX;
}

uint32_t cmsdk_interrupts(void) { return cmsdk_interrupt & INTERRUPT_RX; }

uint32_t model_sent(uint32_t n) { return sent[n]; }
}

/* The wire does not wait for the driver. */
static void passes(void (*arrives)(uint32_t, uint32_t)) {
  if (later_in > 0 && --later_in == 0) arrives(later_octet, 1);
}

uint32_t read_register(uint32_t address) {
  uint32_t value = 0;
  switch (address) {
    case USART_SR:
      value = usart_seen = usart_status;
      passes(usart_arrives);
      break;
    case USART_DR:
      value = usart_data;
      /* The sequence of both reads ends what the first one saw; RXNE ends with the second alone. */
      usart_status &= ~(RXNE | (usart_seen & (FE | ORE)));
      usart_seen = 0;
      passes(usart_arrives);
      break;
    case USART_CR1: value = usart_control; break;
    case CMSDK_DATA:
      value = cmsdk_data;
      cmsdk_state &= ~STATE_RX_FULL;
      passes(cmsdk_arrives);
      break;
    case CMSDK_STATE:
      value = cmsdk_state;
      passes(cmsdk_arrives);
      break;
    case CMSDK_CONTROL: value = cmsdk_control; break;
    case CMSDK_INTERRUPT: value = cmsdk_interrupt; break;
    default: break;
  }
  return value;
}

void write_register(uint32_t address, uint32_t value) {
  switch (address) {
    case USART_CR1: usart_control = value; break;
    case CMSDK_CONTROL: cmsdk_control = value; break;
    case CMSDK_STATE: cmsdk_state &= ~(value & STATE_RX_OVERRUN); break;
    case CMSDK_INTERRUPT:
      cmsdk_interrupt &= ~value;
      passes(cmsdk_arrives);
      break;
    case USART_DR:
    case CMSDK_DATA: sent[sent_count++ % 64] = value; break;
    default: break;
  }
}

/* Clocks are always there. */
void clock_gpio(uint32_t) {}
void clock_usart6(void) {}
