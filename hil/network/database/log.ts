import type { Journal } from "./collection.ts";

/** Records that are only ever added, and read by few: they are in the database and not in memory. */
export class Log<T extends object> {
	readonly #table: string;
	readonly #journal: Journal;
	readonly #read: (count: number) => Promise<T[]>;
	#counter = 0;

	constructor(table: string, journal: Journal, read: (count: number) => Promise<T[]>) {
		this.#table = table;
		this.#journal = journal;
		this.#read = read;
	}

	/** In the transaction that is open, where there is one. */
	append(record: T): void {
		const time = String(Date.now()).padStart(15, "0");
		const key = `${time}-${String(this.#counter++).padStart(9, "0")}-${process.pid}`;
		this.#journal.change({ table: this.#table, key, record }, () => undefined);
	}

	/** The newest ones that are durable, the newest first. */
	last(count: number): Promise<T[]> {
		return this.#read(count);
	}
}
