/** A change of one record; without a record it is gone. */
export interface Change {
	readonly table: string;
	readonly key: string;
	readonly record: object | undefined;
}

/** Where changes go; those between `begin` and `end` belong together. */
export interface Journal {
	change(change: Change, undo: () => void): void;
	/** What `run` changes is one transaction. */
	together(run: () => void): void;
}

/** Records of one shape, in memory; each change goes into the journal, which makes it durable. */
export class Collection<T extends object> {
	readonly #table: string;
	readonly #journal: Journal;
	readonly #records: Map<string, T>;
	/** Hears of each change, and may write what belongs to it. */
	onChange: ((key: string, before: T | undefined, after: T | undefined) => void) | undefined;

	constructor(table: string, journal: Journal, records: Iterable<readonly [string, T]>) {
		this.#table = table;
		this.#journal = journal;
		this.#records = new Map(records);
	}

	get size(): number {
		return this.#records.size;
	}

	get(key: string): T | undefined {
		return this.#records.get(key);
	}

	/** The one that has been there for longest, as far as this process knows. */
	firstKey(): string | undefined {
		return this.#records.keys().next().value;
	}

	keys(): string[] {
		return [...this.#records.keys()];
	}

	put(key: string, record: T): T {
		this.#change(key, record);
		return record;
	}

	/** Changes fields of a record that is there. */
	update(key: string, fields: Partial<T>): T {
		const record = this.#records.get(key);
		if (!record) throw new Error(`no ${this.#table} ${key}`);
		return this.put(key, { ...record, ...fields });
	}

	delete(key: string): void {
		if (this.#records.has(key)) this.#change(key, undefined);
	}

	/** The first that fits, in no order. */
	find(fits: (record: T) => boolean): T | undefined {
		for (const record of this.#records.values()) if (fits(record)) return record;
		return undefined;
	}

	/** In the order of their keys. */
	all(): T[] {
		return [...this.#records.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
	}

	#change(key: string, record: T | undefined): void {
		if (key.includes("\0")) throw new Error(`a key of ${this.#table} has a NUL in it`);
		const before = this.#records.get(key);
		this.#journal.together(() => {
			this.#set(key, record);
			this.#journal.change({ table: this.#table, key, record }, () => this.#set(key, before));
			this.onChange?.(key, before, record);
		});
	}

	#set(key: string, record: T | undefined): void {
		if (record === undefined) this.#records.delete(key);
		else this.#records.set(key, record);
	}
}
