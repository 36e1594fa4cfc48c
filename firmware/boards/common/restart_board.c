/* A restart by the reset of the core. */
#include "core.h"
#include "update.h"

void restart(void) { reset_system(); }
