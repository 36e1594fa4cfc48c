/* The random number generator of the nRF52840, with its bias correction, watched by the health tests. */
#include "board.h"
#include "noise.h"
#include "registers.h"

const char board_entropy_name[] = "rng";

#define BIAS_CORRECTION 1u
/* An octet takes about 120 us; this many looks are many times that. */
#define PATIENCE 100000u

static int octet(uint32_t *out) {
  for (uint32_t n = 0; n < PATIENCE; n++) {
    if (RNG_VALRDY == 0) continue;
    RNG_VALRDY = 0;
    *out = RNG_VALUE & 0xffu;
    return 0;
  }
  return -1;
}

static int word(uint32_t *out) {
  *out = 0;
  for (uint32_t i = 0; i < 4; i++) {
    uint32_t part;
    if (octet(&part) != 0) return -1;
    *out |= part << (8 * i);
  }
  return 0;
}

static void start(void) {
  RNG_STOP = 1;
  RNG_CONFIG = BIAS_CORRECTION;
  RNG_VALRDY = 0;
  RNG_START = 1;
}

int32_t board_entropy(uint8_t *out, uint32_t size) {
  static const noise_source rng = {start, word};
  return noise_read(&rng, out, size);
}
