/* Files of the host that runs QEMU. On a board without a debugger the first call would be a hard fault. */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

typedef enum { HOST_READ = 1, HOST_UPDATE = 3, HOST_CREATE = 7 } host_mode;

/* A handle, or a negative number; `name` in QEMU's working directory. */
int32_t host_open(const char *name, host_mode mode);
void host_close(int32_t handle);
/* 0 when all octets were transferred. */
int32_t host_read(int32_t handle, uint32_t offset, uint8_t *out, uint32_t length);
int32_t host_write(int32_t handle, uint32_t offset, const uint8_t *octets, uint32_t length);
/* Octets up to the end of the file, at most `room`. */
uint32_t host_read_some(int32_t handle, uint8_t *out, uint32_t room);
/* Octets of a file. */
uint32_t host_length(int32_t handle);
/* Ends QEMU at once, with that exit code. */
__attribute__((noreturn)) void host_exit(uint32_t code);

#endif
