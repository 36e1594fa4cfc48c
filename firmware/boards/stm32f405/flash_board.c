/*
 * The flash controller of the STM32F4. The flash is one bank: while it programs or erases, whatever fetches from it
 * waits. So what runs meanwhile lies in RAM, interrupts and their vectors included, and octets of the line are not lost.
 */
#include "chip.h"
#include "registers.h"
#include "sectors.h"

#define KEY_1 0x45670123u
#define KEY_2 0xCDEF89ABu

#define SR_BUSY (1u << 16)
/* Operation, write protection, alignment, parallelism, sequence. */
#define SR_ERRORS 0xf2u
#define CR_PROGRAM 1u
#define CR_ERASE 2u
#define CR_SECTOR(n) ((n) << 3)
#define CR_OCTET (0u << 8)
#define CR_WORD (2u << 8)
#define CR_START (1u << 16)
#define CR_LOCK (1u << 31)
#define ACR_DATA_CACHE (1u << 10)
#define ACR_DATA_CACHE_RESET (1u << 12)

static void unlock(void) {
  if (FLASH_CR & CR_LOCK) {
    FLASH_KEYR = KEY_1;
    FLASH_KEYR = KEY_2;
  }
  FLASH_SR = SR_ERRORS | 1u;
}

/* The data cache does not see what the controller does. */
static void lock(void) {
  FLASH_CR = CR_LOCK;
  FLASH_ACR &= ~ACR_DATA_CACHE;
  FLASH_ACR |= ACR_DATA_CACHE_RESET;
  FLASH_ACR &= ~ACR_DATA_CACHE_RESET;
  FLASH_ACR |= ACR_DATA_CACHE;
}

/* One operation of the controller; its errors. */
IN_RAM static uint32_t run(uint32_t control, uintptr_t address, uint32_t value) {
  FLASH_CR = control;
  if (control & CR_ERASE) FLASH_CR = control | CR_START;
  else if (control & CR_WORD) FLASH_CELL(uint32_t, address) = value;
  else FLASH_CELL(uint8_t, address) = (uint8_t)value;
  barrier();
  while (FLASH_SR & SR_BUSY) {
  }
  return FLASH_SR & SR_ERRORS;
}

int32_t chip_read(uint32_t at, uint8_t *out, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) out[i] = FLASH_CELL(uint8_t, CHIP_BASE + at + i);
  return 0;
}

/* Words where it can; a cell that has been programmed may be programmed again, and loses bits. */
int32_t chip_program(uint32_t at, const uint8_t *octets, uint32_t length) {
  uint32_t errors = 0;
  unlock();
  for (uint32_t i = 0; i < length && errors == 0;) {
    uintptr_t to = CHIP_BASE + at + i;
    int word = to % 4 == 0 && length - i >= 4;
    uint32_t value = octets[i];
    if (word) value |= (uint32_t)octets[i + 1] << 8 | (uint32_t)octets[i + 2] << 16 | (uint32_t)octets[i + 3] << 24;
    errors = run(CR_PROGRAM | (word ? CR_WORD : CR_OCTET), to, value);
    i += word ? 4 : 1;
  }
  lock();
  return errors == 0 ? 0 : -1;
}

int32_t chip_erase(uint32_t sector) {
  unlock();
  uint32_t errors = run(CR_ERASE | CR_WORD | CR_SECTOR(sector), 0, 0);
  lock();
  return errors == 0 ? 0 : -1;
}
