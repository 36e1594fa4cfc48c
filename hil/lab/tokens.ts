import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Tokens of a lab: by operator, for its staff and for each visited network. */
interface Content {
	readonly staff: Readonly<Record<string, string>>;
	readonly networks: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const newToken = (): string => randomBytes(16).toString("hex");

/** Whoever reads this file may ask as staff and as visited networks do: it is its owner's alone. */
export class Tokens {
	readonly #path: string;

	constructor(lab: string) {
		this.#path = join(lab, "tokens.json");
	}

	/** Of the operator's staff. */
	staff(shoId: string): string {
		const content = this.#content();
		return (
			content.staff[shoId] ?? this.#keep(content, { staff: { ...content.staff, [shoId]: newToken() } }).staff[shoId]
		);
	}

	/** Of a visited network at that operator. */
	network(shoId: string, vnoId: string): string {
		const content = this.#content();
		const known = content.networks[shoId] ?? {};
		if (known[vnoId] !== undefined) return known[vnoId];
		const networks = { ...content.networks, [shoId]: { ...known, [vnoId]: newToken() } };
		return this.#keep(content, { networks }).networks[shoId][vnoId];
	}

	#content(): Content {
		if (!existsSync(this.#path)) return { staff: {}, networks: {} };
		return JSON.parse(readFileSync(this.#path, "utf8")) as Content;
	}

	#keep(content: Content, more: Partial<Content>): Content {
		const next = { ...content, ...more };
		writeFileSync(`${this.#path}.new`, JSON.stringify(next, null, 2), { mode: 0o600, flush: true });
		renameSync(`${this.#path}.new`, this.#path);
		return next;
	}
}
