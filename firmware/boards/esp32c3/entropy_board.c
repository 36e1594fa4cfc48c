/*
 * The random number generator of the ESP32-C3. It is fed by the radio, which this firmware leaves off, or by a converter that
 * only the source of ESP-IDF says how to set up; with neither, the jitter of one oscillator is left (TRM, chapter on the
 * generator), and health tests cannot tell what that is worth. The TRE names the source as what it is, and a factory does not
 * personalise such a device for the field.
 */
#include "board.h"
#include "health.h"
#include "registers.h"

const char board_entropy_name[] = "rng-without-noise";

/* A word holds new bits after so many cycles at the least; this many are many times that. */
#define CYCLES_A_WORD 4000u

static int started;

static int word(uint32_t *out) {
  for (volatile uint32_t n = 0; n < CYCLES_A_WORD / 4; n++) {
  }
  *out = RNG_DATA;
  return health_check(*out);
}

int32_t board_entropy(uint8_t *out, uint32_t size) {
  uint32_t value;
  if (!started) health_reset();
  /* SP 800-90B clause 4.3: a start-up test on 1,024 samples. */
  for (uint32_t n = started ? 1024 / 4 : 0; n < 1024 / 4; n++)
    if (word(&value) != 0) return -1;
  started = 1;
  for (uint32_t done = 0; done < size; done += 4) {
    if (word(&value) != 0) {
      started = 0;
      return -1;
    }
    for (uint32_t i = 0; i < 4 && done + i < size; i++) out[done + i] = (uint8_t)(value >> (8 * i));
  }
  return 0;
}
