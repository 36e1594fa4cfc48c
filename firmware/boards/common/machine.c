#include "machine.h"

#include <setjmp.h>
#include <string.h>

#include "failed_start.h"
#include "tre.h"
#include "wasm-page.h"
#include "tre_crypto.h"

/* All of the TRE's memory: no pointer of the WASM leads out of it. */
uint8_t wasm_page[WASM_PAGE] __attribute__((aligned(8), section(".page")));
static Z_tre_instance_t tre;
static int running, has_crypto;
static jmp_buf trapped;
/* Between a call into the WASM and its return: a trap has somewhere to go. */
static int guarded;

extern uint8_t __crypto_data_start[], __crypto_data_end[], __crypto_data_load[];
extern uint8_t __crypto_bss_start[], __crypto_bss_end[];

void wasm_rt_trap(wasm_rt_trap_t code) {
  (void)code;
  if (!guarded) start_failed();
  longjmp(trapped, 1);
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

uint32_t wasm_rt_register_func_type(uint32_t params, uint32_t results, ...) {
  /* Told apart only in tables, and this module has none. */
  return params * 16 + results;
}

uint8_t *machine_octets(uint32_t at, uint32_t length) { return length > WASM_PAGE || at > WASM_PAGE - length ? NULL : wasm_page + at; }

/* The crypto side as it came out of the reset: no key outlives the instance that opened it. */
static void restart_crypto(void) {
  memcpy(__crypto_data_start, __crypto_data_load, (uintptr_t)(__crypto_data_end - __crypto_data_start));
  memset(__crypto_bss_start, 0, (uintptr_t)(__crypto_bss_end - __crypto_bss_start));
  has_crypto = tre_init() == 0;
}

void machine_start(int32_t request) {
  guarded = 0;
  running = 0;
  restart_crypto();
  memset(&tre, 0, sizeof tre);
  Z_tre_init_module();
  Z_tre_instantiate(&tre, NULL, NULL, NULL, NULL);
  running = 1;
  Z_treZ_boot(&tre, (uint32_t)request);
}

int machine_has_crypto(void) { return has_crypto; }

int32_t machine_executing(void) { return running ? (int32_t)Z_treZ_executingId(&tre) : -1; }

uint8_t *machine_line(uint32_t *size) {
  *size = Z_treZ_lineSize(&tre);
  return machine_octets(Z_treZ_lineBuffer(&tre), *size);
}

/* Runs one step; a trap in it ends both instances, and new ones answer for the request. */
static void guard(void (*step)(uint32_t), uint32_t argument) {
  if (setjmp(trapped) == 0) {
    guarded = 1;
    step(argument);
    guarded = 0;
    return;
  }
  machine_start(machine_executing());
}

static void receive_step(uint32_t length) { Z_treZ_receive(&tre, length); }

static void tick_step(uint32_t unused) {
  (void)unused;
  Z_treZ_tick(&tre);
}

void machine_receive(uint32_t length) { guard(receive_step, length); }
void machine_tick(void) { guard(tick_step, 0); }
