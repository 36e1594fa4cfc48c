import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file that a program reads octets of a firmware from; nobody else looks into its folder. */
export class OwnFile {
	readonly #folder = mkdtempSync(join(tmpdir(), "tre-flash-"));

	/** Where one of that name is, or will be. */
	pathOf(name: string): string {
		return join(this.#folder, name);
	}

	/** Writes it anew; its path. */
	with(name: string, content: Uint8Array | string): string {
		const path = this.pathOf(name);
		writeFileSync(path, content, { mode: 0o600 });
		return path;
	}

	dispose(): void {
		rmSync(this.#folder, { recursive: true, force: true });
	}
}
