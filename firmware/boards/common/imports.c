/* What `tre.wasm` imports from the modules `board` and `flash`. Pointers are checked here, once. */
#include <string.h>

#include "board.h"
#include "machine.h"
#include "time.h"
#include "tre.h"

#define FAILED ((u32)-1)

typedef struct Z_board_instance_t board_instance;
typedef struct Z_flash_instance_t flash_instance;

void Z_boardZ_uart_write(board_instance *unused, u32 at, u32 length) {
  (void)unused;
  const uint8_t *octets = machine_octets(at, length);
  if (octets == NULL) wasm_rt_trap(WASM_RT_TRAP_OOB);
  board_uart_write(octets, length);
}

u32 Z_boardZ_seconds(board_instance *unused) {
  (void)unused;
  return time_seconds();
}

static u32 write_text(const char *text, u32 at, u32 size) {
  uint32_t length = (uint32_t)strlen(text);
  if (length > size) length = size;
  uint8_t *out = machine_octets(at, length);
  if (out == NULL) wasm_rt_trap(WASM_RT_TRAP_OOB);
  memcpy(out, text, length);
  return length;
}

u32 Z_boardZ_target(board_instance *unused, u32 at, u32 size) {
  (void)unused;
  return write_text(board_target, at, size);
}

u32 Z_boardZ_entropy_name(board_instance *unused, u32 at, u32 size) {
  (void)unused;
  return write_text(board_entropy_name, at, size);
}

u32 Z_flashZ_sector_size(flash_instance *unused) {
  (void)unused;
  return board_flash_sector_size;
}

u32 Z_flashZ_sector_count(flash_instance *unused) {
  (void)unused;
  return board_flash_sector_count;
}

static int within(u32 address, u32 length) {
  const u32 size = board_flash_sector_size * board_flash_sector_count;
  return length <= size && address <= size - length;
}

/* Sector by sector. */
#define EACH_SECTOR(run, address, octets, length)                                       \
  for (u32 done = 0; done < (length);) {                                                \
    const u32 sector = ((address) + done) / board_flash_sector_size;                    \
    const u32 offset = ((address) + done) % board_flash_sector_size;                    \
    const u32 room = board_flash_sector_size - offset;                                  \
    const u32 part = (length)-done < room ? (length)-done : room;                       \
    if (run((int32_t)sector, offset, (octets) + done, part) != 0) return FAILED;        \
    done += part;                                                                       \
  }

u32 Z_flashZ_read(flash_instance *unused, u32 address, u32 at, u32 length) {
  (void)unused;
  uint8_t *out = machine_octets(at, length);
  if (out == NULL) wasm_rt_trap(WASM_RT_TRAP_OOB);
  if (!within(address, length)) return FAILED;
  EACH_SECTOR(board_flash_read, address, out, length)
  return 0;
}

u32 Z_flashZ_program(flash_instance *unused, u32 address, u32 at, u32 length) {
  (void)unused;
  const uint8_t *octets = machine_octets(at, length);
  if (octets == NULL) wasm_rt_trap(WASM_RT_TRAP_OOB);
  if (!within(address, length)) return FAILED;
  EACH_SECTOR(board_flash_program, address, octets, length)
  return 0;
}

u32 Z_flashZ_erase(flash_instance *unused, u32 sector) {
  (void)unused;
  if (sector >= board_flash_sector_count) return FAILED;
  return board_flash_erase((int32_t)sector) == 0 ? 0 : FAILED;
}
