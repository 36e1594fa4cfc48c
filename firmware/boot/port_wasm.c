/* The flash of the emulator: two sectors of records, then the slots, at addresses of its own. */
#include "boot.h"

#define RECORDS_SIZE 4096u
#define SLOT_SIZE (256u * 1024u)

const char boot_board[] = "emulator";

__attribute__((import_module("flash"), import_name("read"))) int32_t flash_read(uint32_t at, uint8_t *out, uint32_t length);
__attribute__((import_module("flash"), import_name("program"))) int32_t flash_program(uint32_t at, const uint8_t *octets,
                                                                                       uint32_t length);
__attribute__((import_module("flash"), import_name("erase"))) int32_t flash_erase(uint32_t at, uint32_t length);

/* For what the emulator passes in and out. */
uint8_t boot_scratch[IMAGE_USED_SIZE];
uint8_t *boot_scratch_at(void) { return boot_scratch; }

static uint32_t slot_at(uint32_t slot) { return 2 * RECORDS_SIZE + slot * SLOT_SIZE; }

uint32_t boot_slot_size(void) { return SLOT_SIZE; }
/* There is no address space: a slot's address is its number. */
uint32_t boot_slot_address(uint32_t slot) { return slot; }
/* Where it stands in the flash. */
uint32_t boot_slot_place(uint32_t slot) { return slot_at(slot); }
uint32_t boot_flash_size(void) { return slot_at(IMAGE_SLOTS); }

int32_t boot_slot_read(uint32_t slot, uint32_t offset, uint8_t *out, uint32_t length) {
  return flash_read(slot_at(slot) + offset, out, length);
}

uint32_t boot_records_size(void) { return RECORDS_SIZE; }

int32_t boot_records_read(uint32_t half, uint32_t offset, uint8_t *out, uint32_t length) {
  return flash_read(half * RECORDS_SIZE + offset, out, length);
}

int32_t boot_records_program(uint32_t half, uint32_t offset, const uint8_t *octets, uint32_t length) {
  return flash_program(half * RECORDS_SIZE + offset, octets, length);
}

int32_t boot_records_erase(uint32_t half) { return flash_erase(half * RECORDS_SIZE, RECORDS_SIZE); }
