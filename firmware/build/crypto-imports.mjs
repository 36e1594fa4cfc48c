/**
 * The imports of module `crypto` as C, from the table of the surface: pointers become addresses in the TRE's page, or
 * the call is refused as the emulator refuses it.
 */
export function cryptoImports(surface) {
	return [
		"/* Generated from firmware/crypto/surface.ts. */",
		'#include "machine.h"',
		'#include "tre.h"',
		'#include "tre_crypto.h"',
		"",
		...Object.entries(surface).map(([name, shape]) => importOf(name, shape)),
	].join("\n");
}

function importOf(name, shape) {
	const parameters = shape.flatMap((kind, n) => (kind === "u32" ? [`u32 a${n}`] : [`u32 a${n}`, `u32 n${n}`]));
	const pointers = shape.map((kind, n) => [kind, n]).filter(([kind]) => kind !== "u32");
	const total = pointers.map(([, n]) => `(uint64_t)n${n}`).join(" + ");
	const passed = shape.flatMap((kind, n) => (kind === "u32" ? [`a${n}`] : [`p${n}`, `n${n}`]));
	return [
		`u32 Z_cryptoZ_${name}(struct Z_crypto_instance_t *unused${parameters.map((one) => `, ${one}`).join("")}) {`,
		"  (void)unused;",
		"  if (!machine_has_crypto()) return (u32)TRE_ERROR_INSUFFICIENT_ENTROPY;",
		...pointers.map(([, n]) => `  uint8_t *p${n} = machine_octets(a${n}, n${n});`),
		...pointers.map(([, n]) => `  if (p${n} == NULL) return (u32)TRE_ERROR_INVALID_ARGUMENT;`),
		...(pointers.length > 0 ? [`  if (${total} > TRE_TRANSFER_SIZE) return (u32)TRE_ERROR_BUFFER_TOO_SMALL;`] : []),
		`  return (u32)tre_${name}(${passed.join(", ")});`,
		"}",
		"",
	].join("\n");
}
