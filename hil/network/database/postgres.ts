import { createHash } from "node:crypto";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { type Engine, KyselyEngine, type Migrations, type Tables } from "./engine.ts";

/** How long the server may take for a session, and for a statement; then the session is given up, and another one tried. */
const CONNECT_MS = 5_000;
const STATEMENT_MS = 10_000;
/** Silence after which the network is asked whether the other end is still there: a NAT forgets connections. */
const KEEP_ALIVE_MS = 30_000;

/** A schema of its own for each element and folder, so that labs and operators may share a server. */
export function schemaOf(folder: string, name: string): string {
	const hash = createHash("sha256").update(folder).digest("hex").slice(0, 8);
	return `${name.replace(/[^a-z0-9]+/gi, "_").toLowerCase()}_${hash}`;
}

/**
 * One session: transactions are written one after the other. One in which something failed is never used again: it may be
 * broken, read only since a fail-over (25006), or silent. Nothing is asked of a session when it opens, and tables are named
 * with their schema, so that a pooler such as pgbouncer may stand in between.
 */
export async function openPostgres(url: string, folder: string, name: string, migrations: Migrations): Promise<Engine> {
	const schema = schemaOf(folder, name);
	const pool = new pg.Pool({
		connectionString: url,
		max: 1,
		connectionTimeoutMillis: CONNECT_MS,
		query_timeout: STATEMENT_MS,
		keepAlive: true,
		keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
	});
	const sessions = new Set<pg.PoolClient>();
	// One that is idle when the server goes away is replaced at the next use.
	pool.on("error", () => undefined);
	pool.on("connect", (client) => {
		sessions.add(client);
		// And one that is in use tells by the query that fails.
		client.on("error", () => undefined);
	});
	pool.on("remove", (client) => sessions.delete(client as pg.PoolClient));
	const giveUp = (): void => {
		for (const session of sessions) {
			const { stream } = (session as unknown as { readonly connection: { readonly stream: { destroy(): void } } })
				.connection;
			stream.destroy();
		}
	};
	const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
	await sql`CREATE SCHEMA IF NOT EXISTS ${sql.id(schema)}`.execute(db);
	return KyselyEngine.open(db.withSchema(schema), migrations, { schema, giveUp });
}
