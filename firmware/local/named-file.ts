import { readFileSync } from "node:fs";

/** Reads a file whose error names it, also where the system does not: only reading a folder fails, not opening it. */
export function readNamed(path: string): Buffer {
	try {
		return readFileSync(path);
	} catch (error) {
		throw Object.assign(error as Error, { path });
	}
}
