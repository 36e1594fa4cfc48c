/*
 * What `tre.wasm` imports from the module `update`: the slots and boot records of `firmware/boot`, which this firmware
 * shares with the boot stage that has started it. Pointers are checked here, once.
 */
#include "board.h"
#include "boot.h"
#include "machine.h"
#include "tre.h"
#include "update.h"

#define FAILED ((u32)-1)
typedef struct Z_update_instance_t update_instance;

extern const uint8_t __image_start[];

static int restart_wanted;

/* The slot that this image was linked for, or -1 where it was linked for none. */
static int32_t own_slot(void) {
  for (uint32_t slot = 0; slot < IMAGE_SLOTS; slot++)
    if ((uint32_t)(uintptr_t)__image_start == boot_slot_address(slot) + IMAGE_HEADER_SIZE) return (int32_t)slot;
  return -1;
}

static int within(u32 offset, u32 length) {
  return length <= boot_slot_size() && offset <= boot_slot_size() - length;
}

/* Only the slot that is not running is ever written. */
static int is_other(u32 slot) { return slot < IMAGE_SLOTS && own_slot() >= 0 && (int32_t)slot != own_slot(); }

u32 Z_updateZ_slot_size(update_instance *unused) {
  (void)unused;
  return own_slot() < 0 ? 0 : boot_slot_size();
}

u32 Z_updateZ_running(update_instance *unused) {
  (void)unused;
  return (u32)own_slot();
}

u32 Z_updateZ_read(update_instance *unused, u32 slot, u32 offset, u32 at, u32 length) {
  (void)unused;
  uint8_t *out = machine_octets(at, length);
  if (out == NULL) wasm_rt_trap(WASM_RT_TRAP_OOB);
  if (slot >= IMAGE_SLOTS || !within(offset, length)) return FAILED;
  return (u32)boot_slot_read(slot, offset, out, length);
}

u32 Z_updateZ_program(update_instance *unused, u32 slot, u32 offset, u32 at, u32 length) {
  (void)unused;
  const uint8_t *octets = machine_octets(at, length);
  if (octets == NULL) wasm_rt_trap(WASM_RT_TRAP_OOB);
  if (!is_other(slot) || !within(offset, length)) return FAILED;
  return (u32)boot_slot_program(slot, offset, octets, length);
}

u32 Z_updateZ_erase(update_instance *unused, u32 slot) {
  (void)unused;
  return is_other(slot) ? (u32)boot_slot_erase(slot) : FAILED;
}

u32 Z_updateZ_header_fault(update_instance *unused, u32 at, u32 length, u32 slot) {
  (void)unused;
  const uint8_t *header = machine_octets(at, length);
  if (header == NULL) wasm_rt_trap(WASM_RT_TRAP_OOB);
  return length == IMAGE_USED_SIZE && slot < IMAGE_SLOTS ? boot_header_fault(header, slot) : FAILED;
}

u32 Z_updateZ_image_fault(update_instance *unused, u32 slot) {
  (void)unused;
  return slot < IMAGE_SLOTS ? boot_image_fault(slot) : FAILED;
}

u32 Z_updateZ_record(update_instance *unused) {
  (void)unused;
  return (u32)boot_record_packed();
}

u32 Z_updateZ_choose(update_instance *unused, u32 slot, u32 confirmed) {
  (void)unused;
  return (u32)boot_record_choose(slot, confirmed);
}

u32 Z_updateZ_confirm(update_instance *unused) {
  (void)unused;
  return (u32)boot_record_confirm();
}

void Z_updateZ_restart(update_instance *unused) {
  (void)unused;
  restart_wanted = 1;
}

int update_wants_restart(void) { return restart_wanted; }
