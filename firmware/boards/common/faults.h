/* Faults of the core, and what a reset has to tell the next start. */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdint.h>

/* Handler of every fault and of interrupts that nobody asked for: notes the command under way and resets. */
void fault(void);
/* Request id of the command that a fault ended, -1 where the last reset had another cause. Asked once. */
int32_t faulted_request(void);

#endif
