/*
 * Stands in for a board's random number generator in QEMU: what the host's kernel gives. The TRE names it in `info`,
 * and a factory does not personalise such a device for the field.
 */
#include "board.h"
#include "semihosting.h"

const char board_entropy_name[] = "emulated";

int32_t board_entropy(uint8_t *out, uint32_t size) {
  int32_t handle = host_open("/dev/urandom", HOST_READ);
  if (handle < 0) return -1;
  uint32_t had = host_read_some(handle, out, size);
  host_close(handle);
  return had == size ? 0 : -1;
}
