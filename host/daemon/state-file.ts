import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readNamed } from "../../firmware/local/named-file.ts";
import { makeOwnFolder } from "../../firmware/local/own-folder.ts";

/** A file of the M2ME's folder that is not what it wrote; the message says what to do. */
export class StateDamaged extends Error {}

/** A small file of the M2ME, replaced as a whole, so that a restart finds the old or the new content. */
export class StateFile<T> {
	readonly #path: string;
	readonly #isContent: (value: unknown) => value is T;

	constructor(folder: string, name: string, isContent: (value: unknown) => value is T) {
		makeOwnFolder(folder);
		this.#path = join(folder, name);
		this.#isContent = isContent;
	}

	/** Undefined where there is none yet. Throws StateDamaged. */
	read(): T | undefined {
		if (!existsSync(this.#path)) return undefined;
		try {
			const content: unknown = JSON.parse(readNamed(this.#path).toString("utf8"));
			if (this.#isContent(content)) return content;
		} catch (error) {
			// What the parser says may quote credentials.
			if (!(error instanceof SyntaxError)) throw error;
		}
		throw new StateDamaged(
			`${this.#path} is not what an M2ME wrote; bring it back from a copy, or remove it: what was in it comes again with the next bootstrap`,
		);
	}

	write(content: T): void {
		writeFileSync(`${this.#path}.new`, JSON.stringify(content, null, 2), { mode: 0o600, flush: true });
		renameSync(`${this.#path}.new`, this.#path);
	}
}
