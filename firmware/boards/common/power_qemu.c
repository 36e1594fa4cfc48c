/*
 * A file `cut` in QEMU's working directory, "OPERATIONS OCTETS": so many operations of the flash from now on are whole,
 * of the next one so many octets happen, and then QEMU is gone.
 */
#include "power_qemu.h"

#include "semihosting.h"

/* EX_TEMPFAIL: a cut that was asked for, no failure of QEMU. */
#define CUT_EXIT_CODE 75u

static int armed;
static uint32_t operations, octets;

static uint32_t number(const uint8_t **at, const uint8_t *end) {
  uint32_t value = 0;
  for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) value = value * 10 + (**at - '0');
  if (*at < end) (*at)++;
  return value;
}

static void look(void) {
  uint8_t text[32];
  int32_t handle = host_open("cut", HOST_READ);
  if (handle < 0) return;
  const uint8_t *at = text, *end = text + host_read_some(handle, text, sizeof text);
  host_close(handle);
  operations = number(&at, end);
  octets = number(&at, end);
  armed = end != text;
}

uint32_t power_octets_left(void) {
  if (!armed) look();
  if (!armed) return POWER_HOLDS;
  if (operations == 0) return octets;
  operations--;
  return POWER_HOLDS;
}

void power_off(void) { host_exit(CUT_EXIT_CODE); }
