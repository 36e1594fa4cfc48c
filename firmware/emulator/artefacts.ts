import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The path of a file that the set-up has built. */
export function builtFile(name: string): string {
	// Runs as build/js/firmware/emulator, and from the source folder in tests.
	const candidates = [`../../../${name}`, `../../build/${name}`].map((path) =>
		fileURLToPath(new URL(path, import.meta.url)),
	);
	const found = candidates.find((path) => existsSync(path));
	if (!found) throw new Error(`${name} has not been built: run npm run setup`);
	return found;
}

const load = (name: string): WebAssembly.Module =>
	new WebAssembly.Module(new Uint8Array(readFileSync(builtFile(name))));

/** The firmware and its crypto side, as built by `npm run setup`. */
export const loadArtefacts = (): { tre: WebAssembly.Module; crypto: WebAssembly.Module } => ({
	tre: load("tre.wasm"),
	crypto: load("mbedtls.wasm"),
});
