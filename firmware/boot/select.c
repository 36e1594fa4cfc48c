/* Which slot starts. */
#include "boot.h"

/* The slot that the records ask for: an unconfirmed one as long as it has starts left. */
static uint32_t wanted(boot_record record) {
  if (!record.known) return 0;
  return record.confirmed || record.tries > 0 ? record.slot : 1 - record.slot;
}

int32_t boot_select(uint32_t faults[IMAGE_SLOTS]) {
  const boot_record record = boot_record_read();
  const uint32_t first = wanted(record);
  const uint32_t other = 1 - first;
  faults[first] = boot_image_fault(first);
  const int on_trial = record.known && first == record.slot && !record.confirmed;
  if (faults[first] == 0 && !on_trial) return (int32_t)first;
  /* Before the start: what ends in a reset has spent it. Where the flash does not take it, a trial would never end. */
  if (faults[first] == 0 && boot_record_spend() == 0) return (int32_t)first;
  faults[other] = boot_image_fault(other);
  if (faults[other] == 0) return (int32_t)other;
  return faults[first] == 0 ? (int32_t)first : -1;
}
