import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

/** C and C++ of the boards as a WASM module whose functions and variables are all exported. */
export class CompiledC {
	readonly #exports: Record<string, unknown>;

	constructor(sources: readonly string[], include: readonly string[], header?: string) {
		const folder = mkdtempSync(join(tmpdir(), "compile-"));
		try {
			const flags = ["--target=wasm32-wasi", "-O1", "-Wall", "-fno-exceptions", "-fno-rtti"];
			const objects = sources.map((file) => {
				const output = join(folder, `${basename(file)}.o`);
				// With a header in place of the hardware's, C is read as C++: an access may be a call there.
				const language =
					header === undefined ? ["-std=gnu11"] : ["-x", "c++", "-std=gnu++17", "-include", resolve(header)];
				const included = include.map((one) => `-I${resolve(one)}`);
				const warnings = header === undefined ? flags.filter((flag) => !/^-fno-/.test(flag)) : flags;
				execFileSync("clang-14", [...warnings, ...language, ...included, "-c", resolve(file), "-o", output]);
				return output;
			});
			const output = join(folder, "module.wasm");
			const link = ["-nostartfiles", "-fuse-ld=/usr/bin/wasm-ld-14", "-Wl,--no-entry", "-Wl,--export-all"];
			execFileSync("clang-14", ["--target=wasm32-wasi", ...link, ...objects, "-o", output]);
			const module = new WebAssembly.Module(new Uint8Array(readFileSync(output)));
			// The C library has an exit, which nobody calls.
			const imports: Record<string, Record<string, () => number>> = {};
			for (const { module: from, name } of WebAssembly.Module.imports(module))
				imports[from] = { ...imports[from], [name]: () => 0 };
			this.#exports = new WebAssembly.Instance(module, imports).exports as Record<string, unknown>;
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	}

	call(name: string, ...args: number[]): number {
		return (this.#exports[name] as (...args: number[]) => number)(...args);
	}

	/** Where a variable stands. */
	address(name: string): number {
		return (this.#exports[name] as WebAssembly.Global).value as number;
	}

	octets(at: number, length: number): Buffer {
		return Buffer.from((this.#exports.memory as WebAssembly.Memory).buffer, at, length);
	}

	get(name: string): number {
		return this.octets(this.address(name), 4).readUInt32LE();
	}

	set(name: string, value: number): void {
		this.octets(this.address(name), 4).writeUInt32LE(value >>> 0);
	}

	/** Octets in a place that nothing else uses; where they stand. */
	put(octets: Uint8Array): number {
		const at = this.address("__heap_base");
		this.octets(at, octets.length).set(octets);
		return at;
	}
}
