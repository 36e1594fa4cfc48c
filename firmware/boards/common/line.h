/* Octets on their way from the UART to the TRE. */
#ifndef LINE_H
#define LINE_H

#include <stdint.h>

/* For the UART's interrupt. What does not fit is lost, and the host repeats it. */
void line_received(uint8_t octet);
/* Takes at most `room` octets out; 0 where there are none. */
uint32_t line_take(uint8_t *out, uint32_t room);
int line_is_empty(void);

#endif
