/* The firmware's wish for a restart. */
#ifndef UPDATE_H
#define UPDATE_H

/* Not 0 once the TRE has asked for it: its answer has left by then. */
int update_wants_restart(void);
/* Off and on again; does not return. */
__attribute__((noreturn)) void restart(void);

#endif
