#include "controller.hpp"
#include "sectors.h"

#define SIZE (1024u * 1024u)
#define BUSY_LOOKS 5

static uint8_t flash[SIZE];
/* What a read sees where the data cache has it. */
static uint8_t cached[SIZE];
static uint8_t in_cache[SIZE];

static uint32_t acr = 5u | 7u << 8, cr = 1u << 31, sr;
static int keys, dead, busy;
static int options_locked = 1, option_keys;
static uint32_t staged_options = 0x0FFFAAECu;

extern "C" {
uint32_t violations, operations, erased_sectors;
/* Option bytes as delivered (RM0090 table 14): no protection of any kind; how often they were programmed. */
uint32_t options = 0x0FFFAAECu, options_programmed;
void board_watchdog_feed(void) {}
/* The operation of this number fails with this error bit. */
uint32_t fail_at = UINT32_MAX, fail_with;

uint8_t *model_flash(void) { return flash; }
void model_reset(void) {
  for (uint32_t i = 0; i < SIZE; i++) flash[i] = 0xff, in_cache[i] = 0;
  acr = 5u | 7u << 8, cr = 1u << 31, sr = 0;
  keys = dead = busy = 0;
  options = 0x0FFFAAECu, staged_options = options, options_locked = 1, option_keys = 0, options_programmed = 0;
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

#define WRITE_PROTECTION_ERROR (1u << 4)
#define OPTION_LOCK 1u
#define OPTION_START 2u

static void write_option_key(uint32_t value) {
  static const uint32_t wanted[2] = {0x08192A3Bu, 0x4C5D6E7Fu};
  if (value != wanted[option_keys]) violations++;
  else if (++option_keys == 2) options_locked = 0, option_keys = 0;
}

/* RM0090 clause 3.6.2: written first, started then, and the lock goes back. */
static void write_options(uint32_t value) {
  if (options_locked || busy > 0) {
    violations++;
    return;
  }
  if ((value & OPTION_START) != 0) {
    if ((value & ~3u) != staged_options) violations++;
    options = staged_options;
    options_programmed++;
    busy = BUSY_LOOKS;
  } else if ((value & OPTION_LOCK) != 0) options_locked = 1;
  else staged_options = value & ~3u;
}

/* An operation begins; true where it does what it should. */
static bool begin(uint32_t sector) {
  if (busy > 0 || (sr & ERRORS) != 0 || (cr & LOCK) != 0) violations++;
  busy = BUSY_LOOKS;
  if ((options & 1u << (16 + sector)) == 0) {
    sr |= WRITE_PROTECTION_ERROR;
    return false;
  }
  if (operations++ != fail_at) return true;
  sr |= fail_with;
  return false;
}

uint32_t read_register(register_name name) {
  switch (name) {
    case ACR: return acr;
    case CR: return cr;
    case OPTCR: return options | (options_locked ? OPTION_LOCK : 0);
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
  if (!begin(sector)) return;
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
    case OPTKEYR: write_option_key(value); return;
    case OPTCR: write_options(value); return;
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
  uint32_t at = address - CHIP_BASE, value = 0;
  if (at > SIZE - size || busy > 0) violations++;
  for (uint32_t i = 0; i < size; i++) {
    if ((acr & DATA_CACHE) != 0 && !in_cache[at + i]) cached[at + i] = flash[at + i], in_cache[at + i] = 1;
    value |= (uint32_t)((acr & DATA_CACHE) != 0 ? cached[at + i] : flash[at + i]) << (8 * i);
  }
  return value;
}

void write_cell(uint32_t address, uint32_t value, uint32_t size) {
  uint32_t at = address - CHIP_BASE;
  if (at > SIZE - size || at % size != 0 || (cr & PROGRAM) == 0) violations++;
  /* PSIZE: 0 an octet, 2 a word; a write of another width is a parallelism error. */
  if (((cr >> 8) & 3u) != (size == 1 ? 0u : 2u)) violations++;
  if (!begin(sector_of(at))) return;
  for (uint32_t i = 0; i < size; i++) flash[at + i] &= (uint8_t)(value >> (8 * i));
}
