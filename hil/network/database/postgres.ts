import { createHash } from "node:crypto";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { type Engine, KyselyEngine, type Migrations, type Tables } from "./engine.ts";

/** A schema of its own for each element and folder, so that labs and operators may share a server. */
export function schemaOf(folder: string, name: string): string {
	const hash = createHash("sha256").update(folder).digest("hex").slice(0, 8);
	return `${name.replace(/[^a-z0-9]+/gi, "_").toLowerCase()}_${hash}`;
}

/** One connection: transactions are written one after the other. It is opened again when it is lost. */
export async function openPostgres(url: string, folder: string, name: string, migrations: Migrations): Promise<Engine> {
	const schema = schemaOf(folder, name);
	const pool = new pg.Pool({
		connectionString: url,
		max: 1,
		options: `-c search_path=${schema}`,
		connectionTimeoutMillis: 5_000,
		keepAlive: true,
	});
	// One that is idle when the server goes away is replaced at the next use.
	pool.on("error", () => undefined);
	// And one that is in use tells by the query that fails.
	pool.on("connect", (client) => client.on("error", () => undefined));
	const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
	await sql`CREATE SCHEMA IF NOT EXISTS ${sql.id(schema)}`.execute(db);
	return KyselyEngine.open(db, migrations, schema);
}
