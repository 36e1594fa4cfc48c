/* The memory of tre.wasm: one page, at one place. */
#ifndef WASM_PAGE_H
#define WASM_PAGE_H

#include <stdint.h>

#define WASM_PAGE 65536u
extern uint8_t wasm_page[WASM_PAGE];

#endif
