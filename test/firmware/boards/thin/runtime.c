/* The little that the translated module needs around it; a trap ends the call and leaves its kind. */
#include "tre.h"
#include "wasm-page.h"

uint8_t wasm_page[WASM_PAGE] __attribute__((aligned(8)));
static Z_tre_instance_t tre;
uint32_t trap_code;

void wasm_rt_trap(wasm_rt_trap_t code) {
  trap_code = code;
  __builtin_trap();
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint32_t initial_pages, uint32_t max_pages) {
  (void)initial_pages;
  (void)max_pages;
  memset(wasm_page, 0, sizeof wasm_page);
  memory->data = wasm_page;
  memory->pages = memory->max_pages = 1;
  memory->size = WASM_PAGE;
}

void wasm_rt_free_memory(wasm_rt_memory_t *memory) { (void)memory; }
uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *memory, uint32_t pages) { return pages == 0 ? memory->pages : UINT32_MAX; }

void *instance(void) { return &tre; }

void begin(void) {
  Z_tre_init_module();
  Z_tre_instantiate(&tre);
}
