import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Kysely, SqliteDialect } from "kysely";
import Sqlite from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Database } from "../../../hil/network/database/database.ts";
import { KyselyEngine, type Tables } from "../../../hil/network/database/engine.ts";
import { operatorMigrations } from "../../../hil/network/operator/migrations.ts";
import { identityShape } from "../../../hil/network/shared/identity.ts";
import { PgBouncer } from "../../support/pgbouncer.ts";
import { PostgresCluster } from "../../support/postgres.ts";

const cluster = new PostgresCluster();
const folder = mkdtempSync(join(tmpdir(), "failover-"));
beforeAll(() => cluster.start(), 60_000);
afterAll(async () => {
	await cluster.dispose();
	rmSync(folder, { recursive: true, force: true });
});

let opened = 0;
const openAt = (url: string) =>
	Database.open({ folder: join(folder, String(++opened)), name: "element", migrations: operatorMigrations, url });

const identity = { key: "k", certificate: "c" };

/** A way to the cluster that can go silent: what it has open stays open, and nothing comes through. */
async function silentWay(): Promise<{ url: string; silence(): void; close(): void }> {
	const { hostname, port, pathname, username } = new URL(cluster.url);
	let silent: (socket: Socket) => boolean = () => false;
	const open = new Set<Socket>();
	const server = createServer((client) => {
		open.add(client);
		const upstream = connect(Number(port), hostname);
		client.on("data", (octets) => !silent(client) && upstream.write(octets));
		upstream.on("data", (octets) => !silent(client) && client.write(octets));
		for (const [one, other] of [
			[client, upstream],
			[upstream, client],
		] as const)
			one.on("error", () => undefined).on("close", () => other.destroy());
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	return {
		url: `postgres://${username}@127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
		silence: () => {
			const before = new Set(open);
			silent = (socket) => before.has(socket);
		},
		close: () => {
			for (const socket of open) socket.destroy();
			server.close();
		},
	};
}

describe("a session of PostgreSQL that is of no more use is given up, and what waits becomes durable over another one", () => {
	test("read only since a fail-over (25006), while new sessions may write", async () => {
		const database = await openAt(cluster.url);
		const identities = await database.collection(identityShape);
		identities.put("a", identity);
		await database.durable();
		await cluster.query("ALTER ROLE tre SET default_transaction_read_only = off");
		await cluster.query("ALTER SYSTEM SET default_transaction_read_only = on");
		await cluster.query("SELECT pg_reload_conf()");
		await sleep(500);
		identities.put("b", identity);
		await database.durable();
		expect(database.failing).toBeUndefined();
		await cluster.query("ALTER SYSTEM RESET default_transaction_read_only");
		await cluster.query("SELECT pg_reload_conf()");
		await database.close();
	});

	test("silent, as behind a NAT that has forgotten it: nothing waits for ever", async () => {
		const way = await silentWay();
		const database = await openAt(way.url);
		const identities = await database.collection(identityShape);
		identities.put("a", identity);
		await database.durable();
		way.silence();
		identities.put("b", identity);
		await database.durable();
		expect(await database.ailment()).toBeUndefined();
		await database.close();
		way.close();
	});

	test.each(["session", "transaction"] as const)("through pgbouncer, pooling by %s", async (pool) => {
		const bouncer = new PgBouncer();
		try {
			await bouncer.start(cluster.url, pool);
			const database = await openAt(bouncer.url);
			const identities = await database.collection(identityShape);
			identities.put("a", identity);
			await database.durable();
			await database.close();
			// The same schema again, over another session.
			opened--;
			const again = await openAt(bouncer.url);
			expect((await again.collection(identityShape)).get("a")).toEqual(identity);
			await again.close();
		} finally {
			await bouncer.dispose();
		}
	});
});

describe("a full disk", () => {
	test("is told as that, not as the roll-back that fails behind it", async () => {
		const path = join(folder, "full.db");
		const sqlite = new Sqlite(path);
		const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: sqlite as never }) });
		const engine = await KyselyEngine.open(db, operatorMigrations);
		const [row] = sqlite.prepare("PRAGMA page_count").all() as { page_count: number }[];
		sqlite.pragma(`max_page_count = ${(row?.page_count ?? 0) + 1}`);
		const write = {
			shape: identityShape as never,
			key: "a",
			row: { name: "a", key: "k".repeat(100_000), certificate: "" },
		};
		await expect(engine.write([write])).rejects.toThrow(/database or disk is full/);
		sqlite.pragma("max_page_count = 100000");
		await engine.write([write]);
		await engine.close();
	});
});
