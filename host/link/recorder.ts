import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LinkOptions } from "./link.ts";

/** Appends every octet on the line to `to-tre.bin` and `from-tre.bin` in a folder. */
export function recorder(folder: string): NonNullable<LinkOptions["record"]> {
	mkdirSync(folder, { recursive: true });
	return (direction, octets) => appendFileSync(join(folder, `${direction}.bin`), octets);
}
