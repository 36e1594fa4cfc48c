/*
 * Receivers of five UARTs: USART6 of the STM32F4 (RM0090 clause 30.6.1 and 30.6.2) and UART0 of the CMSDK (DDI 0479 clause
 * 4.3), with one octet of room each, the NS16550A, with its 16, and UART0 of the nRF52840 (Product Specification, clause UART),
 * with six, and UART0 of the ESP32-C3 (Technical Reference Manual, chapter UART Controller), with 128. What is on the wire
 * comes when a test says so, or in the middle of the driver.
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

#define NS_DATA 0x10000000u
#define NS_INTERRUPTS 0x10000001u
#define NS_FIFO 0x10000002u
#define NS_LINE 0x10000003u
#define NS_STATUS 0x10000005u
#define NS_ROOM 16u
#define NS_DIVIDER_LATCH (1u << 7)
#define NS_OVERRUN (1u << 1)
#define NS_FRAMING (1u << 3)
#define NS_TX_EMPTY (3u << 5)

#define NRF_STARTRX 0x40002000u
#define NRF_STARTTX 0x40002008u
#define NRF_RXDRDY 0x40002108u
#define NRF_TXDRDY 0x4000211cu
#define NRF_ERROR 0x40002124u
#define NRF_INTENSET 0x40002304u
#define NRF_ERRORSRC 0x40002480u
#define NRF_ENABLE 0x40002500u
#define NRF_PSEL_RXD 0x40002514u
#define NRF_RXD 0x40002518u
#define NRF_TXD 0x4000251cu
#define NRF_BAUDRATE 0x40002524u
#define NRF_ROOM 6u
#define NRF_OVERRUN 1u
#define NRF_FRAMING 4u

#define ESP_FIFO 0x60000000u
#define ESP_INT_ST 0x60000008u
#define ESP_INT_ENA 0x6000000cu
#define ESP_INT_CLR 0x60000010u
#define ESP_CLKDIV 0x60000014u
#define ESP_STATUS 0x6000001cu
#define ESP_CONF0 0x60000020u
#define ESP_ROOM 128u
#define ESP_RX 1u
#define ESP_FRAMING (1u << 3)
#define ESP_RX_RESET (1u << 17)

static uint32_t usart_status, usart_seen, usart_data, usart_control;
static uint32_t cmsdk_state, cmsdk_data, cmsdk_control, cmsdk_interrupt;
/* An octet with what was wrong with it, as the line status tells it when the octet is next. */
static struct {
  uint32_t octet, errors;
} ns_fifo[NS_ROOM];
static uint32_t ns_count, ns_overrun, ns_interrupt, ns_line, ns_divider, ns_fifo_on;
static uint32_t nrf_fifo[NRF_ROOM], nrf_count, nrf_ready, nrf_sent, nrf_error, nrf_source, nrf_enabled;
static uint32_t nrf_enable, nrf_pin, nrf_rate, nrf_receives, nrf_sends;
static uint32_t esp_fifo[ESP_ROOM], esp_count, esp_raw, esp_enabled, esp_divider, esp_held;
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
  ns_count = ns_overrun = ns_interrupt = ns_line = ns_divider = ns_fifo_on = 0;
  nrf_count = nrf_ready = nrf_sent = nrf_error = nrf_source = nrf_enabled = 0;
  nrf_enable = nrf_pin = nrf_rate = nrf_receives = nrf_sends = 0;
  esp_count = esp_raw = esp_enabled = esp_divider = esp_held = 0;
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

/* 8N1 at 115200 from 1.8432 MHz times two, or nothing that can be read. */
void ns16550_arrives(uint32_t octet, uint32_t framed) {
  if (ns_line != 3 || ns_divider != 2) return;
  if (ns_count == (ns_fifo_on ? NS_ROOM : 1)) {
    ns_overrun = NS_OVERRUN;
    overruns++;
    return;
  }
  ns_fifo[ns_count].octet = octet;
  ns_fifo[ns_count++].errors = framed ? 0 : NS_FRAMING;
}

uint32_t ns16550_interrupts(void) { return (ns_interrupt & 1) != 0 && ns_count > 0; }

/* Enabled, on the pin of the kit, at the specification's number for 115200. */
void nrf_arrives(uint32_t octet, uint32_t framed) {
  if (nrf_enable != 4 || nrf_pin != 8 || nrf_rate != 0x01d7e000u || !nrf_receives) return;
  if (!framed) nrf_error = 1, nrf_source |= NRF_FRAMING;
  if (nrf_count == NRF_ROOM) {
    nrf_error = 1, nrf_source |= NRF_OVERRUN;
    overruns++;
    return;
  }
  if (nrf_count == 0) nrf_ready = 1;
  nrf_fifo[nrf_count++] = octet;
}

uint32_t nrf_interrupts(void) {
  return ((nrf_enabled & 1u << 2) != 0 && nrf_ready) || ((nrf_enabled & 1u << 9) != 0 && nrf_error);
}

/* 115200 of 40 MHz are 347 and 4 sixteenths. */
void esp_arrives(uint32_t octet, uint32_t framed) {
  if (esp_divider != (347u | 4u << 20) || esp_held) return;
  if (!framed) esp_raw |= ESP_FRAMING;
  if (esp_count == ESP_ROOM) {
    overruns++;
    return;
  }
  esp_fifo[esp_count++] = octet;
  esp_raw |= ESP_RX;
}

uint32_t esp_interrupts(void) { return esp_raw & esp_enabled; }

uint32_t model_sent(uint32_t n) { return sent[n]; }
}

/* The wire does not wait for the driver. */
static void passes(void (*arrives)(uint32_t, uint32_t)) {
  if (later_in > 0 && --later_in == 0) arrives(later_octet, 1);
}

static uint32_t ns_take(void) {
  if (ns_count == 0) return 0;
  const uint32_t octet = ns_fifo[0].octet;
  ns_count--;
  for (uint32_t i = 0; i < ns_count; i++) ns_fifo[i] = ns_fifo[i + 1];
  return octet;
}

/* A look ends the errors that it sees. */
static uint32_t ns_look(void) {
  uint32_t status = NS_TX_EMPTY | ns_overrun;
  ns_overrun = 0;
  if (ns_count == 0) return status;
  status |= 1 | ns_fifo[0].errors;
  ns_fifo[0].errors = 0;
  return status;
}

/* The next octet moves up, which is an event again. */
static uint32_t nrf_take(void) {
  const uint32_t octet = nrf_fifo[0];
  if (nrf_count == 0) return 0;
  nrf_count--;
  for (uint32_t i = 0; i < nrf_count; i++) nrf_fifo[i] = nrf_fifo[i + 1];
  if (nrf_count > 0) nrf_ready = 1;
  return octet;
}

static uint32_t esp_take(void) {
  const uint32_t octet = esp_fifo[0];
  if (esp_count == 0) return 0;
  esp_count--;
  for (uint32_t i = 0; i < esp_count; i++) esp_fifo[i] = esp_fifo[i + 1];
  return octet;
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
    case NS_DATA:
      value = ns_take();
      passes(ns16550_arrives);
      break;
    case NS_STATUS:
      value = ns_look();
      passes(ns16550_arrives);
      break;
    case ESP_FIFO:
      value = esp_take();
      passes(esp_arrives);
      break;
    case ESP_STATUS:
      value = esp_count;
      passes(esp_arrives);
      break;
    case ESP_INT_ST:
      value = esp_raw & esp_enabled;
      passes(esp_arrives);
      break;
    case NRF_RXD:
      value = nrf_take();
      passes(nrf_arrives);
      break;
    case NRF_RXDRDY:
      value = nrf_ready;
      passes(nrf_arrives);
      break;
    case NRF_TXDRDY: value = nrf_sent; break;
    case NRF_ERROR: value = nrf_error; break;
    case NRF_ERRORSRC: value = nrf_source; break;
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
    case ESP_FIFO: sent[sent_count++ % 64] = value; break;
    case ESP_CLKDIV: esp_divider = value; break;
    case ESP_INT_ENA: esp_enabled = value; break;
    case ESP_INT_CLR:
      esp_raw &= ~value;
      /* The octets that are there ask again. */
      if (esp_count > 0) esp_raw |= ESP_RX;
      passes(esp_arrives);
      break;
    case ESP_CONF0:
      esp_held = value & ESP_RX_RESET;
      if (esp_held) esp_count = 0;
      break;
    case NRF_STARTRX: nrf_receives = value; break;
    case NRF_STARTTX: nrf_sends = value; break;
    case NRF_ENABLE: nrf_enable = value; break;
    case NRF_PSEL_RXD: nrf_pin = value; break;
    case NRF_BAUDRATE: nrf_rate = value; break;
    case NRF_INTENSET: nrf_enabled |= value; break;
    case NRF_ERRORSRC: nrf_source &= ~value; break;
    case NRF_ERROR: nrf_error = value; break;
    case NRF_TXDRDY: nrf_sent = value; break;
    case NRF_RXDRDY:
      nrf_ready = value;
      passes(nrf_arrives);
      break;
    case NRF_TXD:
      if (!nrf_sends) break;
      sent[sent_count++ % 64] = value;
      nrf_sent = 1;
      break;
    case NS_LINE: ns_line = value; break;
    case NS_FIFO:
      ns_fifo_on = value & 1;
      if (value & 2) ns_count = 0;
      break;
    case NS_INTERRUPTS:
      if (ns_line & NS_DIVIDER_LATCH) ns_divider = (ns_divider & 0xff) | value << 8;
      else ns_interrupt = value;
      break;
    case NS_DATA:
      if (ns_line & NS_DIVIDER_LATCH) ns_divider = (ns_divider & 0xff00) | value;
      else sent[sent_count++ % 64] = value;
      break;
    case USART_DR:
    case CMSDK_DATA: sent[sent_count++ % 64] = value; break;
    default: break;
  }
}

/* Clocks are always there. */
void clock_gpio(uint32_t) {}
void clock_usart6(void) {}
