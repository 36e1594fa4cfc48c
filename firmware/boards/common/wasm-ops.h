/*
 * What the instructions of tre.wasm are in C, on the one page that there is (WebAssembly core specification 1.0, 4.4).
 * `firmware/build/thin-c.mjs` puts this in the place of wasm2c's own text: the page stands at a constant address, and an
 * address is a base and an offset of 32 bits, whose sum is checked without 64-bit arithmetic. An instruction that is not
 * here does not compile.
 */
#ifndef WASM_OPS_H
#define WASM_OPS_H

#include <assert.h>
#include <string.h>

#include "tre.h"
#include "wasm-page.h"

#define TRAP(x) (wasm_rt_trap(WASM_RT_TRAP_##x), 0)
#define UNREACHABLE TRAP(UNREACHABLE)
/* The hardware guards the stack. */
#define FUNC_PROLOGUE
#define FUNC_EPILOGUE

/* Called instead of inlined they are 5 KB less, and a command takes 1.4 times the instructions. */
#define OP static inline __attribute__((always_inline))

/* base + offset, where `size` octets are the page's; a sum that wraps is far behind its end. */
static inline u32 effective_address(u32 base, u32 offset, u32 size) {
  u32 at = base + offset;
  if (UNLIKELY(at < base || at > WASM_PAGE - size)) TRAP(OOB);
  return at;
}

#define DEFINE_LOAD(name, in_page, extended, result)                             \
  OP result name(u32 base, u32 offset) {                                         \
    in_page value;                                                               \
    memcpy(&value, wasm_page + effective_address(base, offset, sizeof value), sizeof value); \
    return (result)(extended)value;                                              \
  }

#define DEFINE_STORE(name, in_page, operand)                                     \
  OP void name(u32 base, u32 offset, operand whole) {                            \
    in_page value = (in_page)whole;                                              \
    memcpy(wasm_page + effective_address(base, offset, sizeof value), &value, sizeof value); \
  }

DEFINE_LOAD(i32_load, u32, u32, u32)
DEFINE_LOAD(i64_load, u64, u64, u64)
DEFINE_LOAD(i32_load8_s, s8, s32, u32)
DEFINE_LOAD(i64_load8_s, s8, s64, u64)
DEFINE_LOAD(i32_load8_u, u8, u32, u32)
DEFINE_LOAD(i64_load8_u, u8, u64, u64)
DEFINE_LOAD(i32_load16_s, s16, s32, u32)
DEFINE_LOAD(i64_load16_s, s16, s64, u64)
DEFINE_LOAD(i32_load16_u, u16, u32, u32)
DEFINE_LOAD(i64_load16_u, u16, u64, u64)
DEFINE_LOAD(i64_load32_s, s32, s64, u64)
DEFINE_LOAD(i64_load32_u, u32, u64, u64)
DEFINE_STORE(i32_store, u32, u32)
DEFINE_STORE(i64_store, u64, u64)
DEFINE_STORE(i32_store8, u8, u32)
DEFINE_STORE(i32_store16, u16, u32)
DEFINE_STORE(i64_store8, u8, u64)
DEFINE_STORE(i64_store16, u16, u64)
DEFINE_STORE(i64_store32, u32, u64)

static void memory_fill(u32 to, u32 value, u32 length) {
  if (UNLIKELY(length > WASM_PAGE || to > WASM_PAGE - length)) TRAP(OOB);
  memset(wasm_page + to, (int)(value & 0xff), length);
}

static void memory_copy(u32 to, u32 from, u32 length) {
  if (UNLIKELY(length > WASM_PAGE || to > WASM_PAGE - length || from > WASM_PAGE - length)) TRAP(OOB);
  memmove(wasm_page + to, wasm_page + from, length);
}

/* Data segments, one after the other: where to, how many octets (16 bits each, little-endian), the octets. */
static inline void memory_init_all(const u8 *segments, u32 size) {
  for (u32 at = 0; at < size;) {
    u32 to = segments[at] | (u32)segments[at + 1] << 8;
    u32 length = segments[at + 2] | (u32)segments[at + 3] << 8;
    if (UNLIKELY(length > WASM_PAGE || to > WASM_PAGE - length)) TRAP(OOB);
    memcpy(wasm_page + to, segments + at + 4, length);
    at += 4 + length;
  }
}

#define I32_CLZ(x) ((x) ? (u32)__builtin_clz(x) : 32u)
#define I64_CLZ(x) ((x) ? (u64)__builtin_clzll(x) : 64u)
#define I32_CTZ(x) ((x) ? (u32)__builtin_ctz(x) : 32u)
#define I64_CTZ(x) ((x) ? (u64)__builtin_ctzll(x) : 64u)
#define I32_POPCNT(x) ((u32)__builtin_popcount(x))
#define I64_POPCNT(x) ((u64)__builtin_popcountll(x))

#define DIV_U(x, y) (UNLIKELY((y) == 0) ? TRAP(DIV_BY_ZERO) : (x) / (y))
#define REM_U(x, y) (UNLIKELY((y) == 0) ? TRAP(DIV_BY_ZERO) : (x) % (y))
#define DIV_S(unsigned_type, lowest, x, y)                                       \
  (UNLIKELY((y) == 0)                      ? TRAP(DIV_BY_ZERO)                   \
   : UNLIKELY((x) == lowest && (y) == -1) ? TRAP(INT_OVERFLOW)                   \
                                          : (unsigned_type)((x) / (y)))
#define REM_S(unsigned_type, lowest, x, y)                                       \
  (UNLIKELY((y) == 0)                      ? TRAP(DIV_BY_ZERO)                   \
   : UNLIKELY((x) == lowest && (y) == -1) ? 0                                    \
                                          : (unsigned_type)((x) % (y)))
#define I32_DIV_S(x, y) DIV_S(u32, INT32_MIN, (s32)(x), (s32)(y))
#define I64_DIV_S(x, y) DIV_S(u64, INT64_MIN, (s64)(x), (s64)(y))
#define I32_REM_S(x, y) REM_S(u32, INT32_MIN, (s32)(x), (s32)(y))
#define I64_REM_S(x, y) REM_S(u64, INT64_MIN, (s64)(x), (s64)(y))

#define ROTATE(x, left, right, mask) ((x) << ((left) & (mask)) | (x) >> ((right) & (mask)))
#define I32_ROTL(x, y) ROTATE(x, y, 32 - (y), 31)
#define I64_ROTL(x, y) ROTATE(x, y, 64 - (y), 63)
#define I32_ROTR(x, y) ROTATE(x, 32 - (y), y, 31)
#define I64_ROTR(x, y) ROTATE(x, 64 - (y), y, 63)

#endif
