/* The end of a start that got nowhere. */
#ifndef FAILED_START_H
#define FAILED_START_H

/* A board that cannot start must not wear its flash with starts: from the third one in a row on each waits a while. */
void start_begins(void);
void start_succeeded(void);
/* There is nothing more to be done: resets. */
__attribute__((noreturn)) void start_failed(void);

#endif
