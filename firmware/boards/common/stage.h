/* What a boot stage asks of its board. */
#ifndef STAGE_H
#define STAGE_H

/* Watchdog and clock, and the protection of the boot stage itself. */
void stage_init(void);

/* Turns of an empty loop between two lines for a person: a second or two. */
#define STAGE_PAUSE 10000000u

#endif
