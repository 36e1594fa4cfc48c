/**
 * The imports of `tre.wasm` from the crypto side, as data: what each argument is.
 *
 * - `u32`: a scalar.
 * - `in`: a pointer and a length in the TRE's memory; the octets are copied over.
 * - `out`: a pointer and a size; as many octets as the (positive) result says are copied back.
 * - `fill`: a pointer and a size; all octets are copied back when the result is 0.
 *
 * Each name is the C function `tre_NAME` of `tre_crypto.h`; its last pair is the output.
 */
export type Argument = "u32" | "in" | "out" | "fill";

export const surface = {
	random: ["fill"],
	hash_compute: ["u32", "in", "out"],
	generate_key: ["u32", "out"],
	import_sealed: ["in"],
	destroy_key: ["u32"],
	export_public_key: ["u32", "out"],
	write_csr: ["u32", "in", "out"],
	sign_hash: ["u32", "in", "out"],
	verify_hash: ["u32", "in", "in", "in"],
	x509_facts: ["in", "out"],
	x509_verify: ["in", "in"],
	envelope_open: ["u32", "in"],
	envelope_read: ["u32", "out"],
	envelope_import: ["u32", "u32", "u32", "u32", "out"],
	envelope_close: ["u32"],
	aka_encrypt: ["u32", "in", "in", "out"],
	aka_fingerprint: ["u32", "out"],
	dm_digest: ["u32", "in", "in", "out"],
} as const satisfies Record<string, readonly Argument[]>;

export type CryptoFunction = keyof typeof surface;
