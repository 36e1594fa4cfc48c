/* The end of a start that got nowhere. */
#ifndef FAILED_START_H
#define FAILED_START_H

/* Resets after a while, so that a board that cannot start does not wear its flash. */
__attribute__((noreturn)) void start_failed(void);

#endif
