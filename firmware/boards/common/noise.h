/* A noise source behind its health tests. */
#ifndef NOISE_H
#define NOISE_H

#include <stdint.h>

typedef struct {
  /* Switches the source on, or off and on again. */
  void (*start)(void);
  /* The next 32 bits; not 0 where the source itself says that it failed, or is silent. */
  int (*word)(uint32_t *out);
} noise_source;

/* Octets of the source; not 0 where it fails. It is tested before its first octet, and anew after a failure. */
int32_t noise_read(const noise_source *source, uint8_t *out, uint32_t size);

#endif
