import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../../firmware/local/own-folder.ts";
import type { LinkOptions } from "./link.ts";

/** Appends every octet on the line to `to-tre.bin` and `from-tre.bin` in a folder. */
export function recorder(folder: string): NonNullable<LinkOptions["record"]> {
	makeFolder(folder);
	return (direction, octets) => appendFileSync(join(folder, `${direction}.bin`), octets);
}
