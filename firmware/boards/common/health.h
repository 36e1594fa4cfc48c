/* Health tests of a noise source (SP 800-90B clause 4.4), on its octets. */
#ifndef HEALTH_H
#define HEALTH_H

#include <stdint.h>

void health_reset(void);
/* Takes four samples; not 0 from the first failure on, until `health_reset`. */
int health_check(uint32_t word);

#endif
