#include "semihosting.h"

#include <string.h>

#include "core.h"

#define SYS_OPEN 0x01
#define SYS_CLOSE 0x02
#define SYS_WRITE 0x05
#define SYS_READ 0x06
#define SYS_SEEK 0x0a
#define SYS_FLEN 0x0c
#define SYS_EXIT_EXTENDED 0x20
#define STOPPED_BY_APPLICATION 0x20026u

static uint32_t address(const void *at) { return (uint32_t)(uintptr_t)at; }

int32_t host_open(const char *name, host_mode mode) {
  return debugger_call(SYS_OPEN, (uint32_t[]){address(name), mode, strlen(name)});
}

void host_close(int32_t handle) { (void)debugger_call(SYS_CLOSE, (uint32_t[]){(uint32_t)handle}); }

static int32_t seek(int32_t handle, uint32_t offset) { return debugger_call(SYS_SEEK, (uint32_t[]){(uint32_t)handle, offset}); }

int32_t host_read(int32_t handle, uint32_t offset, uint8_t *out, uint32_t length) {
  if (seek(handle, offset) != 0) return -1;
  return debugger_call(SYS_READ, (uint32_t[]){(uint32_t)handle, address(out), length});
}

int32_t host_write(int32_t handle, uint32_t offset, const uint8_t *octets, uint32_t length) {
  if (seek(handle, offset) != 0) return -1;
  return debugger_call(SYS_WRITE, (uint32_t[]){(uint32_t)handle, address(octets), length});
}

uint32_t host_read_some(int32_t handle, uint8_t *out, uint32_t room) {
  int32_t left = debugger_call(SYS_READ, (uint32_t[]){(uint32_t)handle, address(out), room});
  return left < 0 || (uint32_t)left > room ? 0 : room - (uint32_t)left;
}

uint32_t host_length(int32_t handle) {
  int32_t length = debugger_call(SYS_FLEN, (uint32_t[]){(uint32_t)handle});
  return length < 0 ? 0 : (uint32_t)length;
}

void host_exit(uint32_t code) {
  for (;;) (void)debugger_call(SYS_EXIT_EXTENDED, (uint32_t[]){STOPPED_BY_APPLICATION, code});
}
