#include "noise.h"

#include "health.h"

/* SP 800-90B clause 4.3: a start-up test on 1,024 samples, four in a word. */
#define START_UP_WORDS (1024u / 4u)

static int started;

static int tested_word(const noise_source *source, uint32_t *out) {
  return source->word(out) == 0 ? health_check(*out) : -1;
}

static int start(const noise_source *source) {
  uint32_t unused;
  source->start();
  health_reset();
  for (uint32_t n = 0; n < START_UP_WORDS; n++)
    if (tested_word(source, &unused) != 0) return -1;
  started = 1;
  return 0;
}

int32_t noise_read(const noise_source *source, uint8_t *out, uint32_t size) {
  if (!started && start(source) != 0) return -1;
  for (uint32_t done = 0; done < size; done += 4) {
    uint32_t value;
    if (tested_word(source, &value) != 0) {
      started = 0;
      return -1;
    }
    for (uint32_t i = 0; i < 4 && done + i < size; i++) out[done + i] = (uint8_t)(value >> (8 * i));
  }
  return 0;
}
