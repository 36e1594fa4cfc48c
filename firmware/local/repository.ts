import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * The path of a file of this clone, by its path from the root. It may not be there; what a program builds lies under the
 * same root.
 */
export function inClone(path: string): string {
	// Runs as build/js/firmware/local, and from the source folder in tests.
	const roots = ["../../../../", "../../"].map((up) => fileURLToPath(new URL(up, import.meta.url)));
	const root = roots.find((one) => existsSync(`${one}package.json`)) ?? (roots[1] as string);
	return `${root}${path}`;
}
