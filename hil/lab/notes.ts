import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DeliveryNote } from "../factory/station.ts";

/** A delivery note as its owner keeps it: with the release code of each SHO that gave him one. */
export interface KeptNote extends DeliveryNote {
	readonly codes: Readonly<Record<string, string>>;
}

/** Delivery notes of the devices that a lab's factory made; their owners' drawer. */
export class Notes {
	readonly #folder: string;

	constructor(lab: string) {
		this.#folder = join(lab, "notes");
		mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
	}

	keep(note: DeliveryNote, codes: KeptNote["codes"] = { [note.shoId]: note.releaseCode }): string {
		const path = join(this.#folder, `${note.treId}.json`);
		writeFileSync(path, `${JSON.stringify({ ...note, codes }, null, 2)}\n`, { mode: 0o600 });
		return path;
	}

	/** By TRE_id or the beginning of one. */
	find(treId: string): KeptNote | undefined {
		const found = readdirSync(this.#folder).filter((name) => name.startsWith(treId));
		if (found.length !== 1) return undefined;
		return JSON.parse(readFileSync(join(this.#folder, found[0]), "utf8")) as KeptNote;
	}
}
