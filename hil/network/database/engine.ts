import { type Kysely, type Migration, Migrator, sql } from "kysely";
import { columnOf, type Row, type TableShape } from "./table.ts";

/** One record to be written; without a row it is deleted. */
export interface Write {
	readonly shape: TableShape<never>;
	readonly key: string;
	readonly row: Row | undefined;
}

/** A database behind SQL. */
export interface Engine {
	load(shape: TableShape<never>): Promise<Row[]>;
	/** Those with the highest keys, the highest first. */
	newest(shape: TableShape<never>, count: number): Promise<Row[]>;
	/** All of it in one transaction. */
	write(writes: readonly Write[]): Promise<void>;
	/** Throws where the database does not answer. */
	ping(): Promise<void>;
	close(): Promise<void>;
}

export type Tables = Record<string, Row>;

/** Steps of a schema, by name; each is run once, in the order of the names, and never changed afterwards. */
export type Migrations = Readonly<Record<string, Migration>>;

/** A table of a first migration: a text key, and columns that may be empty. */
export const createTable = (
	db: Kysely<never>,
	name: string,
	key: string,
	columns: Readonly<Record<string, "text" | "bigint">>,
) =>
	Object.entries(columns)
		.reduce(
			(table, [column, type]) => table.addColumn(column, type),
			db.schema.createTable(name).addColumn(key, "text", (column) => column.primaryKey()),
		)
		.execute();

/** Placeholders of one statement: SQLite takes 32,766, PostgreSQL 65,535. */
const MAX_VALUES = 30_000;

const chunks = <T>(items: readonly T[], size: number): T[][] =>
	Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));

/** The same on every dialect that Kysely has. */
export class KyselyEngine implements Engine {
	readonly #db: Kysely<Tables>;
	readonly #giveUp: () => void;

	private constructor(db: Kysely<Tables>, giveUp: () => void) {
		this.#db = db;
		this.#giveUp = giveUp;
	}

	/**
	 * `schema`: where the tables are, in a database that has schemas. `giveUp`: the session that failed is not used again.
	 */
	static async open(
		db: Kysely<Tables>,
		migrations: Migrations,
		{ schema, giveUp = () => undefined }: { readonly schema?: string; readonly giveUp?: () => void } = {},
	): Promise<KyselyEngine> {
		const migrator = new Migrator({
			db,
			provider: { getMigrations: async () => ({ ...migrations }) },
			...(schema === undefined ? {} : { migrationTableSchema: schema }),
		});
		const { error } = await migrator.migrateToLatest();
		if (error) throw error;
		return new KyselyEngine(db, giveUp);
	}

	async ping(): Promise<void> {
		try {
			await sql`SELECT 1`.execute(this.#db);
		} catch (error) {
			this.#giveUp();
			throw error;
		}
	}

	newest(shape: TableShape<never>, count: number): Promise<Row[]> {
		return this.#db.selectFrom(shape.name).selectAll().orderBy(columnOf(shape.key), "desc").limit(count).execute();
	}

	load(shape: TableShape<never>): Promise<Row[]> {
		return this.#db.selectFrom(shape.name).selectAll().execute();
	}

	async write(writes: readonly Write[]): Promise<void> {
		let first: unknown;
		try {
			await this.#db.transaction().execute((transaction) =>
				this.#writeAll(transaction, writes).catch((error: unknown) => {
					first = error;
					throw error;
				}),
			);
		} catch (error) {
			this.#giveUp();
			// Where the roll-back fails, too, it only says that there is nothing to roll back any more.
			throw first ?? error;
		}
	}

	async #writeAll(transaction: Kysely<Tables>, writes: readonly Write[]): Promise<void> {
		for (const shape of new Set(writes.map((write) => write.shape))) {
			const own = writes.filter((write) => write.shape === shape);
			const gone = own.filter(({ row }) => row === undefined).map(({ key }) => key);
			await this.#upsert(
				transaction,
				shape,
				own.flatMap(({ row }) => (row === undefined ? [] : [row])),
			);
			for (const keys of chunks(gone, MAX_VALUES))
				await transaction.deleteFrom(shape.name).where(columnOf(shape.key), "in", keys).execute();
		}
	}

	close(): Promise<void> {
		return this.#db.destroy();
	}

	async #upsert(transaction: Kysely<Tables>, shape: TableShape<never>, rows: readonly Row[]): Promise<void> {
		const fields = Object.keys(shape.columns).map(columnOf);
		for (const values of chunks(rows, Math.floor(MAX_VALUES / (fields.length + 1))))
			await transaction
				.insertInto(shape.name)
				.values(values)
				.onConflict((conflict) =>
					conflict
						.column(columnOf(shape.key))
						.doUpdateSet((eb) => Object.fromEntries(fields.map((field) => [field, eb.ref(`excluded.${field}`)]))),
				)
				.execute();
	}
}
