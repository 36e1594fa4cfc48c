/*
 * The random number generator of the ESP32-C3. It is fed by the radio, which this firmware leaves off, or by a converter that
 * only the source of ESP-IDF says how to set up; with neither, the jitter of one oscillator is left (TRM, chapter on the
 * generator), and health tests cannot tell what that is worth. The TRE names the source as what it is, and a factory does not
 * personalise such a device for the field.
 */
#include "board.h"
#include "noise.h"
#include "registers.h"

const char board_entropy_name[] = "rng-without-noise";

/* A word holds new bits after so many cycles at the least; this many are many times that. */
#define CYCLES_A_WORD 4000u

static int word(uint32_t *out) {
  for (volatile uint32_t n = 0; n < CYCLES_A_WORD / 4; n++) {
  }
  *out = RNG_DATA;
  return 0;
}

/* It is always on. */
static void start(void) {}

int32_t board_entropy(uint8_t *out, uint32_t size) {
  static const noise_source rng = {start, word};
  return noise_read(&rng, out, size);
}
