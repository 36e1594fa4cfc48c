/* The random number generator of the STM32F4, watched by its own alarms and by the health tests. */
#include "board.h"
#include "noise.h"
#include "registers.h"

const char board_entropy_name[] = "rng";

#define RNG_ENABLE (1u << 2)
#define DATA_READY 1u
/* A wrong clock, or a seed that repeats; SEIS stays until it is cleared. */
#define CLOCK_ERROR (1u << 1)
#define SEED_ERROR (1u << 2 | 1u << 6)
/* A word takes 40 cycles of a 48 MHz clock; this many looks are many times that. */
#define PATIENCE 100000u

static int word(uint32_t *out) {
  for (uint32_t n = 0; n < PATIENCE; n++) {
    uint32_t status = RNG_SR;
    if (status & (CLOCK_ERROR | SEED_ERROR)) return -1;
    if (status & DATA_READY) {
      *out = RNG_DR;
      return 0;
    }
  }
  return -1;
}

static void start(void) {
  RCC_AHB2ENR |= 1u << 6;
  RNG_CR = 0;
  RNG_SR = 0;
  RNG_CR = RNG_ENABLE;
}

/* RM0090 clause 24.3.1: the first word is not used; those of the start-up test are not, either. */
int32_t board_entropy(uint8_t *out, uint32_t size) {
  static const noise_source rng = {start, word};
  return noise_read(&rng, out, size);
}
