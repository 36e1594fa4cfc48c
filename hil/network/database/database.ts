import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeOwnFolder } from "../../../firmware/local/own-folder.ts";
import { emit } from "../../../host/wire/report/events.ts";
import { type Change, Collection, type Journal } from "./collection.ts";
import type { Engine, Migrations } from "./engine.ts";
import { Log } from "./log.ts";
import { openPostgres } from "./postgres.ts";
import { SecretBox, storeKey } from "./secret-box.ts";
import { openSqlite } from "./sqlite.ts";
import { fromRow, type TableShape, toRow } from "./table.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** How long a database may fail before closing gives up what is left, and how often that is looked at. */
const CLOSE_MS = 3_000;
const POLL_MS = 50;
/** How long it may take to answer those who ask how it is. */
const PING_MS = 2_000;

export interface DatabaseOptions {
	/** Folder of the element: SQLite's file and the store key, where nothing else is said. */
	readonly folder: string;
	/** What the element is called, for its own schema in a shared PostgreSQL. */
	readonly name: string;
	/** Of the element's schema, by name, in order. */
	readonly migrations: Migrations;
	/** postgres:// of a server to use in place of SQLite; `DATABASE_URL` where nothing is said. */
	readonly url?: string;
}

/**
 * What a network element remembers. Everything is in memory, and every change is written behind: what belongs together
 * in one transaction, and all that is waiting in the same one. So nothing may leave the element before `durable()`
 * has resolved: an answer, a letter or a short message tells of changes that no crash can take back.
 */
export class Database {
	readonly #engine: Engine;
	readonly #box: SecretBox;
	readonly #shapes = new Map<string, TableShape<never>>();
	/** Changes of the transaction that is being put together, and how to take them back. */
	#open: { readonly changes: Change[]; readonly undo: (() => void)[] } | undefined;
	#waiting: Change[] = [];
	#settled: (() => void)[] = [];
	#writing = false;
	/** What is left is given up. */
	#abandoned = false;
	#scheduled = false;
	#idle: Promise<void> = Promise.resolve();
	/** Why the last write failed, while it does. */
	#failing: string | undefined;

	readonly #journal: Journal = {
		change: (change, undo) => this.#change(change, undo),
		together: (run) => this.atomically(run),
	};

	private constructor(engine: Engine, box: SecretBox) {
		this.#engine = engine;
		this.#box = box;
	}

	/** Opens the database and brings its schema up to date. */
	static async open({ folder, name, migrations, url = process.env.DATABASE_URL }: DatabaseOptions): Promise<Database> {
		makeOwnFolder(folder);
		const engine =
			url === undefined
				? await openSqlite(join(folder, `${name}.db`), migrations)
				: await openPostgres(url, folder, name, migrations);
		return new Database(engine, new SecretBox(storeKey(join(folder, "store.key"))));
	}

	/** All records of a table. Throws SealBroken where the store key is another one. */
	async collection<T extends object>(shape: TableShape<T>): Promise<Collection<T>> {
		this.#shapes.set(shape.name, shape as never);
		const rows = await this.#engine.load(shape as never);
		const records = rows.map((row) => fromRow(shape, row, this.#box));
		return new Collection(shape.name, this.#journal, records);
	}

	/** A table that is only ever added to. */
	log<T extends object>(shape: TableShape<T>): Log<T> {
		this.#shapes.set(shape.name, shape as never);
		return new Log(shape.name, this.#journal, async (count) => {
			const rows = await this.#engine.newest(shape as never, count);
			return rows.map((row) => fromRow(shape, row, this.#box)[1]);
		});
	}

	/** What `run` writes becomes durable together, or none of it counts; inside another one, together with that. */
	atomically<T>(run: () => T): T {
		if (this.#open) return run();
		const open = { changes: [] as Change[], undo: [] as (() => void)[] };
		this.#open = open;
		try {
			const result = run();
			this.#enqueue(open.changes);
			return result;
		} catch (error) {
			for (const undo of open.undo.reverse()) undo();
			throw error;
		} finally {
			this.#open = undefined;
		}
	}

	/** Resolves when all that has been written so far would survive a crash. */
	durable(): Promise<void> {
		return this.#idle;
	}

	/** Why nothing becomes durable at present; undefined where all is well. */
	get failing(): string | undefined {
		return this.#failing;
	}

	/** Why the database does not answer now; undefined where it does. */
	async ailment(): Promise<string | undefined> {
		if (this.#failing !== undefined) return this.#failing;
		const late = sleep(PING_MS, "it does not answer", { ref: false });
		const answer = this.#engine.ping().then(
			() => undefined,
			(error: Error) => error.message,
		);
		return Promise.race([answer, late]);
	}

	/**
	 * Writes what is left, however long that takes, and closes. What a database that is gone does not take is given up
	 * after a while: nobody has heard of it.
	 */
	async close(): Promise<void> {
		let written = false;
		const durable = this.durable().then(() => {
			written = true;
		});
		for (let failed = 0; !written && failed < CLOSE_MS; failed += this.#failing === undefined ? -failed : POLL_MS)
			await Promise.race([durable, sleep(POLL_MS)]);
		this.#abandoned = !written;
		await Promise.race([this.#engine.close(), sleep(CLOSE_MS, undefined, { ref: false })]);
	}

	#change(change: Change, undo: () => void): void {
		if (this.#open) {
			this.#open.changes.push(change);
			this.#open.undo.push(undo);
		} else this.#enqueue([change]);
	}

	#enqueue(changes: readonly Change[]): void {
		if (changes.length === 0) return;
		// One by one: there may be more than a call takes arguments.
		for (const change of changes) this.#waiting.push(change);
		if (this.#settled.length === 0) {
			// A new batch: whoever asks from now on waits for this one.
			this.#idle = new Promise((resolve) => this.#settled.push(resolve));
		}
		if (!this.#writing && !this.#scheduled) {
			this.#scheduled = true;
			// What other requests of this turn of the loop write goes into the same transaction.
			setImmediate(() => void this.#write());
		}
	}

	async #write(): Promise<void> {
		this.#scheduled = false;
		this.#writing = true;
		while (this.#waiting.length > 0) {
			const [changes, settled] = [this.#waiting, this.#settled];
			this.#waiting = [];
			this.#settled = [];
			await this.#persist(changes);
			for (const settle of settled) settle();
		}
		this.#writing = false;
	}

	/** Tries until it succeeds: memory is ahead, and what waits for this batch has not left the element. */
	async #persist(changes: readonly Change[]): Promise<void> {
		// The last word on each record counts.
		const last = new Map(changes.map((change) => [`${change.table} ${change.key}`, change]));
		const writes = [...last.values()].map(({ table, key, record }) => {
			const shape = this.#shapes.get(table) as TableShape<never>;
			return { shape, key, row: record && toRow(shape, key, record as never, this.#box) };
		});
		for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
			try {
				await this.#engine.write(writes);
				this.#failing = undefined;
				return;
			} catch (error) {
				const why = (error as Error).message;
				if (this.#failing === undefined)
					emit({ event: "problem", what: `the database does not take what is written: ${why}; it is tried again` });
				this.#failing = why;
				await sleep(pause);
				// What waits for this batch waits for ever: it must not leave.
				if (this.#abandoned) await new Promise(() => undefined);
			}
		}
	}
}
