/* Running time, and the limit of a command's. */
#ifndef TIME_H
#define TIME_H

#include <stdint.h>

void time_init(void);
/* Hundredths of a second since the reset, and whole seconds. */
uint32_t time_hundredths(void);
uint32_t time_seconds(void);
/* Has the time for another tick come? */
int time_tick_due(void);
/* The main loop goes round: nothing hangs. */
void time_progress(void);
/* A hundredth of a second has passed. */
void time_interrupt(void);
void watchdog_warning(void);

#endif
