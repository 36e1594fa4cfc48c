/* QEMU has no option bytes. */
#include "protect.h"

void protect_boot_sector(void) {}
