import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { flags } from "../../firmware/build/tre-wasm.mjs";

/** The firmware's MILENAGE with its functions laid open (`test/firmware/milenage.entry.ts`), compiled as `tre.wasm` is. */
export function compileMilenage(output: string): void {
	const asc = resolve("node_modules/assemblyscript/bin/asc.js");
	execFileSync(process.execPath, [asc, "test/firmware/milenage.entry.ts", "-o", output, ...flags], { stdio: "pipe" });
}
