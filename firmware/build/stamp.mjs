import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

function* filesBelow(path) {
	if (!statSync(path).isDirectory()) {
		yield path;
		return;
	}
	for (const name of readdirSync(path).sort()) yield* filesBelow(join(path, name));
}

/** SHA-256 over names and octets of all files at or below `paths`, and over `words`. */
export function fingerprint(paths, words = []) {
	const hash = createHash("sha256");
	for (const word of words) hash.update(`${word}\0`);
	for (const path of paths) {
		for (const file of filesBelow(path)) hash.update(`${file}\0`).update(readFileSync(file));
	}
	return hash.digest("hex");
}

/**
 * Runs `make` unless `output` exists and was made from the same inputs.
 * Answers whether it ran.
 */
export async function upToDate(output, inputs, words, make) {
	const stamp = `${output}.stamp`;
	const now = fingerprint(inputs, words);
	if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === now) return false;
	mkdirSync(dirname(output), { recursive: true });
	// What fails half-way has changed the output all the same.
	rmSync(stamp, { force: true });
	await make();
	writeFileSync(stamp, now);
	return true;
}
