/*
 * nWRP of sector 0 in the option bytes. They are programmed once in a board's life; whoever brings a new boot stage
 * takes the protection off with a probe or the ROM's loader first. No code of the WASM can; native code that an attacker
 * has taken over could program the option bytes as well.
 */
#include "protect.h"

#include "registers.h"

#define OPTION_KEY_1 0x08192A3Bu
#define OPTION_KEY_2 0x4C5D6E7Fu
#define OPTION_LOCK 1u
#define OPTION_START (1u << 1)
#define NOT_PROTECTED_0 (1u << 16)
#define SR_BUSY (1u << 16)

static void wait(void) {
  while (FLASH_SR & SR_BUSY) {
  }
}

void protect_boot_sector(void) {
  if ((FLASH_OPTCR & NOT_PROTECTED_0) == 0) return;
  wait();
  FLASH_OPTKEYR = OPTION_KEY_1;
  FLASH_OPTKEYR = OPTION_KEY_2;
  const uint32_t options = FLASH_OPTCR & ~(OPTION_LOCK | OPTION_START | NOT_PROTECTED_0);
  FLASH_OPTCR = options;
  FLASH_OPTCR = options | OPTION_START;
  wait();
  FLASH_OPTCR = options | OPTION_LOCK;
}
