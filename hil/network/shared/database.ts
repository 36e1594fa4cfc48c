import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "libsql";

/**
 * What a network element remembers, durable when a call returns. Documents by key in one SQLite
 * file; the schema with migrations replaces it behind the same calls.
 */
export class Database {
	readonly #db: Sqlite.Database;

	constructor(path: string) {
		mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
		this.#db = new Sqlite(path);
		this.#db.pragma("journal_mode = WAL");
		this.#db.pragma("synchronous = FULL");
		this.#db.exec(
			"CREATE TABLE IF NOT EXISTS document (collection TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (collection, key))",
		);
	}

	collection<T extends object>(name: string): Collection<T> {
		return new Collection<T>(this.#db, name);
	}

	/** All that `run` writes becomes durable together, or none of it; inside another one, together with that. */
	atomically<T>(run: () => T): T {
		if (this.#db.inTransaction) return run();
		this.#db.exec("BEGIN IMMEDIATE");
		try {
			const result = run();
			this.#db.exec("COMMIT");
			return result;
		} catch (error) {
			this.#db.exec("ROLLBACK");
			throw error;
		}
	}

	close(): void {
		this.#db.close();
	}
}

/** Documents of one shape. */
export class Collection<T extends object> {
	readonly #db: Sqlite.Database;
	readonly #name: string;

	constructor(db: Sqlite.Database, name: string) {
		this.#db = db;
		this.#name = name;
	}

	get(key: string): T | undefined {
		const row = this.#db.prepare("SELECT json FROM document WHERE collection = ? AND key = ?").get(this.#name, key);
		return row ? (JSON.parse((row as { json: string }).json) as T) : undefined;
	}

	put(key: string, value: T): T {
		this.#db
			.prepare(
				"INSERT INTO document (collection, key, json) VALUES (?, ?, ?) ON CONFLICT (collection, key) DO UPDATE SET json = excluded.json",
			)
			.run(this.#name, key, JSON.stringify(value));
		return value;
	}

	/** Changes fields of a document that is there. */
	update(key: string, fields: Partial<T>): T {
		const value = this.get(key);
		if (!value) throw new Error(`no ${this.#name} ${key}`);
		return this.put(key, { ...value, ...fields });
	}

	delete(key: string): void {
		this.#db.prepare("DELETE FROM document WHERE collection = ? AND key = ?").run(this.#name, key);
	}

	all(): T[] {
		const rows = this.#db.prepare("SELECT json FROM document WHERE collection = ? ORDER BY key").all(this.#name);
		return (rows as { json: string }[]).map((row) => JSON.parse(row.json) as T);
	}
}
