import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeOwnFolder } from "../../firmware/local/own-folder.ts";

/** Segments that are kept at most; a flood loses its oldest ones. */
const MOST = 2048;

/**
 * The TPDUs that a modem has acknowledged and nobody has worked off yet: no service centre sends them again. One in hex a
 * line; the last line may be torn.
 */
export class SegmentStore {
	readonly #path: string;
	#count: number;

	constructor(folder: string) {
		makeOwnFolder(folder);
		this.#path = join(folder, "segments.log");
		const kept = this.all();
		this.#count = kept.length;
		// What is torn must not run into what comes next.
		if (existsSync(this.#path)) this.#replace(kept);
	}

	all(): Buffer[] {
		if (!existsSync(this.#path)) return [];
		const lines = readFileSync(this.#path, "latin1").split("\n").slice(0, -1);
		return lines.filter((line) => /^(?:[0-9a-f]{2})+$/.test(line)).map((line) => Buffer.from(line, "hex"));
	}

	/** On the disk when it returns. */
	keep(tpdu: Buffer): void {
		if (this.#count >= MOST) this.#replace(this.all().slice(-MOST / 2));
		appendFileSync(this.#path, `${tpdu.toString("hex")}\n`, { mode: 0o600, flush: true });
		this.#count++;
	}

	/** All of them are worked off. */
	clear(): void {
		if (this.#count === 0) return;
		rmSync(this.#path, { force: true });
		this.#count = 0;
	}

	#replace(tpdus: readonly Buffer[]): void {
		const text = tpdus.map((tpdu) => `${tpdu.toString("hex")}\n`).join("");
		writeFileSync(`${this.#path}.new`, text, { mode: 0o600, flush: true });
		renameSync(`${this.#path}.new`, this.#path);
		this.#count = tpdus.length;
	}
}
