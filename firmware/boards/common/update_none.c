/* What `tre.wasm` imports from the module `update`, on a board without a boot stage: it has no slots, and none is asked for. */
#include "tre.h"

#define NONE ((u32)-1)
typedef struct Z_update_instance_t update_instance;

#define ANSWER(result, name, ...) \
  u32 Z_updateZ_##name(update_instance *unused, ##__VA_ARGS__) { \
    (void)unused;                                                 \
    return result;                                                \
  }

ANSWER(0, slot_size)
ANSWER(0, running)
ANSWER(NONE, record)
ANSWER(NONE, confirm)

u32 Z_updateZ_read(update_instance *unused, u32 slot, u32 offset, u32 at, u32 length) {
  (void)unused, (void)slot, (void)offset, (void)at, (void)length;
  return NONE;
}

u32 Z_updateZ_program(update_instance *unused, u32 slot, u32 offset, u32 at, u32 length) {
  return Z_updateZ_read(unused, slot, offset, at, length);
}

u32 Z_updateZ_erase(update_instance *unused, u32 slot) {
  (void)unused, (void)slot;
  return NONE;
}

u32 Z_updateZ_header_fault(update_instance *unused, u32 at, u32 length, u32 slot) {
  (void)unused, (void)at, (void)length, (void)slot;
  return NONE;
}

u32 Z_updateZ_image_fault(update_instance *unused, u32 slot) { return Z_updateZ_erase(unused, slot); }

u32 Z_updateZ_choose(update_instance *unused, u32 slot, u32 confirmed) {
  (void)confirmed;
  return Z_updateZ_erase(unused, slot);
}

void Z_updateZ_restart(update_instance *unused) { (void)unused; }

int update_wants_restart(void) { return 0; }
