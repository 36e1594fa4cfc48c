import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { compileBootWasm } from "../../firmware/build/boot-wasm.mjs";
import { flags } from "../../firmware/build/tre-wasm.mjs";

/** A mistake in `firmware/tre`: `faulty` in place of `original`. */
export interface Fault {
	readonly file: string;
	readonly original: string;
	readonly faulty: string;
}

const isOptimisation = (flag: string): boolean => flag.startsWith("-O") || flag === "--converge";

/** What the compiler is told without its optimisations; they take most of its time. */
export const plainFlags: readonly string[] = flags.filter((flag) => !isOptimisation(flag));

/** Compiles the firmware, with a mistake where one is given. */
export function compileFirmware(fault: Fault | undefined, more: readonly string[]): Buffer {
	const root = mkdtempSync(join(tmpdir(), "planted-"));
	try {
		for (const part of ["firmware/tre", "firmware/contract/as"])
			cpSync(resolve(part), join(root, part), { recursive: true });
		if (fault) plant(root, fault);
		const asc = resolve("node_modules/assemblyscript/bin/asc.js");
		execFileSync(process.execPath, [asc, "firmware/tre/main.ts", "-o", "tre.wasm", ...more], {
			cwd: root,
			stdio: "pipe",
		});
		return readFileSync(join(root, "tre.wasm"));
	} finally {
		rmSync(root, { recursive: true, force: true });
	}
}

/** The boot stage with one piece of `firmware/boot/FILE` replaced. */
export async function plantedBootStage(file: string, original: string, faulty: string): Promise<WebAssembly.Module> {
	const folder = mkdtempSync(join(tmpdir(), "planted-"));
	try {
		const room = join(folder, "boot");
		cpSync(resolve("firmware/boot"), room, { recursive: true });
		replaceIn(join(room, file), original, faulty);
		const output = join(folder, "boot.wasm");
		await compileBootWasm(resolve("."), room, join(folder, "objects"), output);
		return new WebAssembly.Module(new Uint8Array(readFileSync(output)));
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function plant(root: string, { file, original, faulty }: Fault): void {
	replaceIn(join(root, "firmware/tre", file), original, faulty);
}

function replaceIn(path: string, original: string, faulty: string): void {
	const text = readFileSync(path, "utf8");
	if (!text.includes(original)) throw new Error(`${path} does not contain: ${original}`);
	writeFileSync(path, text.replace(original, faulty));
}

/** The firmware with one piece of `firmware/tre/FILE` replaced: a mistake that a proof has to find. */
export const plantedFirmware = (file: string, original: string, faulty: string): WebAssembly.Module =>
	new WebAssembly.Module(new Uint8Array(compileFirmware({ file, original, faulty }, [...plainFlags, "-O1"])));
