/* 168 MHz from the internal oscillator, so that no crystal matters: the boards have different ones. */
#include "board.h"
#include "clock.h"
#include "registers.h"

const uint32_t board_core_hz = 168000000;

#define HSI_ON 1u
#define HSI_READY (1u << 1)
#define PLL_ON (1u << 24)
#define PLL_READY (1u << 25)
/* 16 MHz / 16 * 336 / 2 = 168 MHz, and / 7 = 48 MHz for the RNG. */
#define PLL_168_MHZ (16u | 336u << 6 | 0u << 16 | 7u << 24)
/* APB1 / 4 = 42 MHz, APB2 / 2 = 84 MHz, system clock from the PLL. */
#define BUSES (5u << 10 | 4u << 13)
#define FROM_PLL 2u
#define SWITCHED_TO_PLL (2u << 2)
/* Five wait states at 2.7 V and more; prefetch, both caches. */
#define FLASH_168_MHZ (5u | 7u << 8)

/* From whatever a boot loader has left: a PLL that runs takes no other settings. */
static void start_from_hsi(void) {
  RCC_CR |= HSI_ON;
  while ((RCC_CR & HSI_READY) == 0) {
  }
  RCC_CFGR &= ~3u;
  while ((RCC_CFGR & 12u) != 0) {
  }
  RCC_CR &= ~PLL_ON;
  while ((RCC_CR & PLL_READY) != 0) {
  }
}

/* Until it reads back, and the write has arrived. */
static void enable(volatile uint32_t *clocks, uint32_t bit) {
  *clocks |= bit;
  while ((*clocks & bit) == 0) {
  }
  barrier();
}

void clock_gpio(uint32_t port) { enable(&RCC_AHB1ENR, 1u << port); }

void clock_usart6(void) { enable(&RCC_APB2ENR, 1u << 5); }

void clock_init(void) {
  start_from_hsi();
  RCC_PLLCFGR = PLL_168_MHZ;
  RCC_CR |= PLL_ON;
  while ((RCC_CR & PLL_READY) == 0) {
  }
  FLASH_ACR = FLASH_168_MHZ;
  while ((FLASH_ACR & 15u) != 5u) {
  }
  /* A new divisor takes up to sixteen cycles to count: the buses must have theirs before the core is that fast. */
  RCC_CFGR = BUSES;
  barrier();
  for (volatile uint32_t cycles = 0; cycles < 16; cycles++) {
  }
  RCC_CFGR = BUSES | FROM_PLL;
  while ((RCC_CFGR & 12u) != SWITCHED_TO_PLL) {
  }
}
