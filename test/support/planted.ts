import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { flags } from "../../firmware/build/tre-wasm.mjs";

/** The firmware with one piece of `firmware/tre/FILE` replaced: a mistake that a proof has to find. */
export function plantedFirmware(file: string, original: string, faulty: string): WebAssembly.Module {
	const root = mkdtempSync(join(tmpdir(), "planted-"));
	try {
		for (const part of ["firmware/tre", "firmware/contract/as"])
			cpSync(resolve(part), join(root, part), { recursive: true });
		const path = join(root, "firmware/tre", file);
		const text = readFileSync(path, "utf8");
		if (!text.includes(original)) throw new Error(`${file} does not contain: ${original}`);
		writeFileSync(path, text.replace(original, faulty));
		const asc = resolve("node_modules/assemblyscript/bin/asc.js");
		execFileSync(process.execPath, [asc, "firmware/tre/main.ts", "-o", "tre.wasm", ...flags], {
			cwd: root,
			stdio: "pipe",
		});
		return new WebAssembly.Module(new Uint8Array(readFileSync(join(root, "tre.wasm"))));
	} finally {
		rmSync(root, { recursive: true, force: true });
	}
}
