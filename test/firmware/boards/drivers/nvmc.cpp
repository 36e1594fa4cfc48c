#include "nvmc.hpp"

#define SIZE (1024u * 1024u)
#define PAGE 4096u
#define BUSY_LOOKS 5
/* nWRITE: how often a word may be written between erases. */
#define WRITES 2

#define READ_ONLY 0u
#define WRITE 1u
#define ERASE 2u

static uint8_t flash[SIZE];
static uint8_t writes[SIZE / 4];
static uint32_t config;
static int busy;

extern "C" {
uint32_t violations, operations, erased_pages, last_erased;
/* The operation of this number does nothing. */
uint32_t fail_at = UINT32_MAX;

uint8_t *model_flash(void) { return flash; }
void model_reset(void) {
  for (uint32_t i = 0; i < SIZE; i++) flash[i] = 0xff;
  for (uint32_t i = 0; i < SIZE / 4; i++) writes[i] = 0;
  config = READ_ONLY;
  busy = 0;
  violations = operations = erased_pages = last_erased = 0;
  fail_at = UINT32_MAX;
}
int model_locked(void) { return config == READ_ONLY; }
}

static bool begin(uint32_t wanted) {
  if (busy > 0 || config != wanted) violations++;
  busy = BUSY_LOOKS;
  return operations++ != fail_at && config == wanted;
}

uint32_t read_register(register_name name) {
  if (name == CONFIG) return config;
  if (name != READY) return 0;
  if (busy > 0) busy--;
  return busy == 0;
}

void write_register(register_name name, uint32_t value) {
  if (busy > 0) violations++;
  if (name == CONFIG) {
    if (value > ERASE) violations++;
    config = value;
    return;
  }
  if (name != ERASEPAGE || value % PAGE != 0 || value >= SIZE) {
    violations++;
    return;
  }
  if (!begin(ERASE)) return;
  for (uint32_t i = 0; i < PAGE; i++) flash[value + i] = 0xff;
  for (uint32_t i = 0; i < PAGE / 4; i++) writes[value / 4 + i] = 0;
  erased_pages++;
  last_erased = value / PAGE;
}

uint32_t read_cell(uint32_t address, uint32_t size) {
  uint32_t value = 0;
  if (busy > 0 || address > SIZE - size) violations++;
  for (uint32_t i = 0; i < size; i++) value |= (uint32_t)flash[address + i] << (8 * i);
  return value;
}

void write_cell(uint32_t address, uint32_t value, uint32_t size) {
  if (size != 4 || address % 4 != 0 || address > SIZE - 4) {
    violations++;
    return;
  }
  if (!begin(WRITE)) return;
  if (++writes[address / 4] > WRITES) violations++;
  for (uint32_t i = 0; i < 4; i++) flash[address + i] &= (uint8_t)(value >> (8 * i));
}
