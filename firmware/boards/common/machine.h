/* `tre.wasm` as wasm2c gives it, with the crypto side beside it. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

/* New instances of both; `trapped` is the request in which the last ones ended, or -1. */
void machine_start(int32_t trapped);
/* Room for octets from the line. */
uint8_t *machine_line(uint32_t *size);
void machine_receive(uint32_t length);
void machine_tick(void);
/* Request id in execution, -1 between commands. */
int32_t machine_executing(void);

/* Has the crypto side come up? Without entropy or a device root key the TRE answers, and refuses. */
int machine_has_crypto(void);

/* The octets of the TRE's memory from `at` on, or NULL where that many are not in it. */
uint8_t *machine_octets(uint32_t at, uint32_t length);

#endif
