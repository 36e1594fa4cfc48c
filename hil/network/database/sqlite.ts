import { Kysely, SqliteDialect } from "kysely";
import Sqlite from "libsql";
import { type Engine, KyselyEngine, type Migrations, type Tables } from "./engine.ts";

/** A file of its own, in WAL mode; a commit is on the disk when it returns. */
export async function openSqlite(path: string, migrations: Migrations): Promise<Engine> {
	const database = new Sqlite(path);
	database.pragma("journal_mode = WAL");
	database.pragma("synchronous = FULL");
	database.pragma("busy_timeout = 10000");
	const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: database as never }) });
	return KyselyEngine.open(db, migrations);
}
