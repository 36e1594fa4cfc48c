import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../../firmware/local/own-folder.ts";
import type { DeliveryNote } from "../factory/station.ts";

/** A delivery note as its owner keeps it. */
export interface KeptNote extends DeliveryNote {
	/** Release codes by the SHO that asks for them. */
	readonly codes: Readonly<Record<string, string>>;
	/** Those of registrations that have not been answered. */
	readonly chosen: Readonly<Record<string, string>>;
}

/** Delivery notes of the devices that a lab's factory made; their owners' drawer. */
export class Notes {
	readonly #folder: string;

	constructor(lab: string) {
		this.#folder = join(lab, "notes");
	}

	/** A note as it comes from the factory, or as it was kept. */
	keep(note: DeliveryNote | KeptNote): string {
		const kept: KeptNote = { codes: { [note.shoId]: note.releaseCode }, chosen: {}, ...note };
		makeFolder(this.#folder, 0o700);
		const path = join(this.#folder, `${note.treId}.json`);
		writeFileSync(`${path}.new`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600, flush: true });
		renameSync(`${path}.new`, path);
		return path;
	}

	/** By TRE_id or the beginning of one. */
	find(treId: string): KeptNote | undefined {
		if (!existsSync(this.#folder)) return undefined;
		const found = readdirSync(this.#folder).filter((name) => name.startsWith(treId) && name.endsWith(".json"));
		if (found.length !== 1) return undefined;
		return JSON.parse(readFileSync(join(this.#folder, found[0]), "utf8")) as KeptNote;
	}
}
