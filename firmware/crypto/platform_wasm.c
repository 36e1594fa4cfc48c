/* What Mbed TLS asks of a platform and wasm32 has not: no stdio, no exit. */
#include <stddef.h>
#include <stdint.h>

#include "mbedtls/platform.h"
#include "tre_crypto.h"

__attribute__((import_module("board"), import_name("entropy"))) int32_t host_entropy(uint8_t *out, uint32_t size);
__attribute__((import_module("board"), import_name("root_key"))) int32_t host_root_key(uint8_t *out, uint32_t size);

int32_t board_entropy(uint8_t *out, uint32_t size) { return host_entropy(out, size); }
int32_t board_root_key(uint8_t *out, uint32_t size) { return host_root_key(out, size); }
