#include "health.h"

/*
 * Cutoffs for at least one bit of entropy an octet and a false alarm in 2^30: a source of eight bits never comes near.
 * Repetition count: 1 + 30 / 1. Adaptive proportion: the binomial quantile of 512 samples of probability 1/2.
 */
#define REPETITIONS 31u
#define WINDOW 512u
#define PROPORTION 325u

static uint32_t samples, last, repeated;
static uint32_t reference, seen, equal;
static int failed;

void health_reset(void) {
  samples = repeated = seen = equal = 0;
  failed = 0;
}

static void take(uint32_t sample) {
  repeated = samples > 0 && sample == last ? repeated + 1 : 1;
  last = sample;
  samples = 1;
  if (repeated >= REPETITIONS) failed = 1;
  if (seen == 0) {
    reference = sample;
    equal = 0;
  }
  if (sample == reference) equal++;
  if (equal >= PROPORTION) failed = 1;
  seen = (seen + 1) % WINDOW;
}

int health_check(uint32_t word) {
  for (uint32_t i = 0; i < 4; i++) take((word >> (8 * i)) & 0xff);
  return failed;
}
