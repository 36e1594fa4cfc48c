import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file that a program reads octets of a firmware from; nobody else looks into its folder. */
export class OwnFile {
	readonly #folder = mkdtempSync(join(tmpdir(), "tre-flash-"));

	/** Writes it anew; its path. */
	with(name: string, content: Uint8Array | string): string {
		const path = join(this.#folder, name);
		writeFileSync(path, content, { mode: 0o600 });
		return path;
	}

	dispose(): void {
		rmSync(this.#folder, { recursive: true, force: true });
	}
}
