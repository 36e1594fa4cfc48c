#include "controller.hpp"

#define SIZE (1024u * 1024u)
#define BUSY_LOOKS 5

static uint8_t flash[SIZE];
/* What a read sees where the data cache has it. */
static uint8_t cached[SIZE];
static uint8_t in_cache[SIZE];

static uint32_t acr = 5u | 7u << 8, cr = 1u << 31, sr;
static int keys, dead, busy;

extern "C" {
uint32_t violations, operations, erased_sectors;
/* The operation of this number fails with this error bit. */
uint32_t fail_at = UINT32_MAX, fail_with;

uint8_t *model_flash(void) { return flash; }
void model_reset(void) {
  for (uint32_t i = 0; i < SIZE; i++) flash[i] = 0xff, in_cache[i] = 0;
  acr = 5u | 7u << 8, cr = 1u << 31, sr = 0;
  keys = dead = busy = 0;
  violations = operations = erased_sectors = 0;
  fail_at = UINT32_MAX;
}
int model_locked(void) { return (cr >> 31) != 0; }
}

#define LOCK (1u << 31)
#define START (1u << 16)
#define DATA_CACHE (1u << 10)
#define DATA_CACHE_RESET (1u << 12)
#define BUSY (1u << 16)
#define ERRORS 0xf2u
#define PROGRAM 1u
#define ERASE 2u

static uint32_t sector_of(uint32_t offset) {
  return offset < 0x10000 ? offset / 0x4000 : offset < 0x20000 ? 4 : 4 + offset / 0x20000;
}

/* An operation begins; true where it does what it should. */
static bool begin(void) {
  if (busy > 0 || (sr & ERRORS) != 0 || (cr & LOCK) != 0) violations++;
  busy = BUSY_LOOKS;
  if (operations++ != fail_at) return true;
  sr |= fail_with;
  return false;
}

uint32_t read_register(register_name name) {
  switch (name) {
    case ACR: return acr;
    case CR: return cr;
    case SR:
      if (busy > 0) busy--;
      return sr | (busy > 0 ? BUSY : 0);
    default: return 0;
  }
}

static void write_key(uint32_t value) {
  static const uint32_t wanted[2] = {0x45670123u, 0xCDEF89ABu};
  /* A wrong key locks the controller until the next reset. */
  if (dead || value != wanted[keys]) {
    dead = 1;
    violations++;
    return;
  }
  if (++keys == 2) cr &= ~LOCK, keys = 0;
}

static void erase(uint32_t sector) {
  if (!begin()) return;
  for (uint32_t i = 0; i < SIZE; i++)
    if (sector_of(i) == sector) flash[i] = 0xff;
  erased_sectors |= 1u << sector;
}

static void write_control(uint32_t value) {
  if (busy > 0) violations++;
  if (cr & LOCK) {
    violations++;
    return;
  }
  if ((value & START) != 0 && (value & ERASE) == 0) violations++;
  if ((value & PROGRAM) != 0 && (value & ERASE) != 0) violations++;
  cr = value & ~START;
  if ((value & START) != 0) erase((value >> 3) & 15);
}

void write_register(register_name name, uint32_t value) {
  switch (name) {
    case KEYR: write_key(value); return;
    case CR: write_control(value); return;
    case SR: sr &= ~(value & (ERRORS | 1u)); return;
    case ACR:
      /* RM0090 clause 3.5.2: a cache may be reset only while it is off. */
      if ((value & DATA_CACHE_RESET) != 0 && (value & DATA_CACHE) != 0) violations++;
      if ((value & DATA_CACHE_RESET) != 0)
        for (uint32_t i = 0; i < SIZE; i++) in_cache[i] = 0;
      if ((value & 15u) != 5u) violations++;
      acr = value;
      return;
  }
}

uint32_t read_cell(uint32_t address, uint32_t size) {
  uint32_t at = address - FLASH_BASE, value = 0;
  if (at > SIZE - size || busy > 0) violations++;
  for (uint32_t i = 0; i < size; i++) {
    if ((acr & DATA_CACHE) != 0 && !in_cache[at + i]) cached[at + i] = flash[at + i], in_cache[at + i] = 1;
    value |= (uint32_t)((acr & DATA_CACHE) != 0 ? cached[at + i] : flash[at + i]) << (8 * i);
  }
  return value;
}

void write_cell(uint32_t address, uint32_t value, uint32_t size) {
  uint32_t at = address - FLASH_BASE;
  if (at > SIZE - size || at % size != 0 || (cr & PROGRAM) == 0) violations++;
  /* PSIZE: 0 an octet, 2 a word; a write of another width is a parallelism error. */
  if (((cr >> 8) & 3u) != (size == 1 ? 0u : 2u)) violations++;
  if (!begin()) return;
  for (uint32_t i = 0; i < size; i++) flash[at + i] &= (uint8_t)(value >> (8 * i));
}
