import { fork } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Collection } from "../../../hil/network/database/collection.ts";
import { Database } from "../../../hil/network/database/database.ts";
import { schemaOf } from "../../../hil/network/database/postgres.ts";
import { SealBroken, SecretBox, storeKey } from "../../../hil/network/database/secret-box.ts";
import { columnOf, type TableShape, tableOf } from "../../../hil/network/database/table.ts";
import { operatorMigrations } from "../../../hil/network/operator/migrations.ts";
import { OperatorStore, operatorLogs, operatorTables } from "../../../hil/network/operator/store.ts";
import { generator } from "../../../hil/rig/sampling.ts";
import { full } from "../../support/long-form.ts";
import { PostgresCluster } from "../../support/postgres.ts";

const cluster = new PostgresCluster();
beforeAll(() => cluster.start(), 60_000);
afterAll(() => cluster.dispose());

const folders: string[] = [];
const newFolder = (): string => {
	const folder = mkdtempSync(join(tmpdir(), "database-"));
	folders.push(folder);
	return folder;
};
afterAll(() => {
	for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const engines: [string, () => string | undefined][] = [
	["SQLite", () => undefined],
	["PostgreSQL", () => cluster.url],
];

const SECRET = "0123456789abcdef0123456789abcdef";

/** A value of each column's type. */
const anyOf: Record<string, fc.Arbitrary<unknown>> = {
	text: fc.string({ unit: fc.constantFrom("a", "ö", "'", '"', "\\", "\n", "0", "%", "€") }),
	number: fc.integer({ min: 0, max: 2 ** 43 }),
	boolean: fc.boolean(),
	json: fc.record({ a: fc.string(), b: fc.array(fc.integer()) }),
	secret: fc.string(),
	"secret-json": fc.array(fc.record({ secret: fc.string() })),
};

const recordOf = (shape: TableShape<object>, key: string): fc.Arbitrary<object> =>
	fc
		.record(
			Object.fromEntries(
				Object.entries(shape.columns).map(([field, type]) => [field, anyOf[type as string] as fc.Arbitrary<unknown>]),
			),
			{ requiredKeys: [] },
		)
		.map((fields) => ({ ...(shape.keyed ? { [shape.key]: key } : {}), ...fields }));

const collectionsOf = (store: OperatorStore): Record<string, Collection<object>> =>
	({
		...{ subscriber: store.subscribers, sequence: store.sequences, location: store.locations, device: store.devices },
		...{ outgoing: store.outgoing, registration: store.registrations, answered: store.answered, ended: store.ended },
		...{ letter: store.letters, firmware: store.firmware, peer: store.peers, identity: store.identities },
	}) as never;

describe.each(engines)("the operator's database on %s", (engine, url) => {
	const opened: OperatorStore[] = [];
	const open = async (folder: string): Promise<OperatorStore> => {
		const store = await OperatorStore.open(folder, url());
		opened.push(store);
		return store;
	};
	afterEach(async () => {
		for (const store of opened.splice(0)) await store.close().catch(() => undefined);
	});

	test("each table holds each of its fields, whatever stands in it; what was put, updated and deleted is so after a restart", async () => {
		const folder = newFolder();
		const expected = new Map<string, Map<string, object>>();
		const first = await open(folder);
		for (const [name, shape] of Object.entries(operatorTables) as [string, TableShape<object>][]) {
			const collection = collectionsOf(first)[name] as Collection<object>;
			const records = new Map<string, object>();
			expected.set(name, records);
			for (let n = 0; n < 30; n++) {
				const key = `key ${n} ä'"`;
				const [record] = fc.sample(recordOf(shape, key), { numRuns: 1, seed: n }) as [object];
				records.set(key, collection.put(key, record));
			}
			collection.delete("key 3 ä'\"");
			records.delete("key 3 ä'\"");
		}
		await first.close();
		const second = await open(folder);
		for (const [name, records] of expected) {
			const collection = collectionsOf(second)[name] as Collection<object>;
			expect(collection.size).toBe(records.size);
			for (const [key, record] of records) expect(collection.get(key), `${name} ${key}`).toEqual(record);
		}
	});

	test("what is only added: the newest first, also after a restart; nothing of a transaction that failed", async () => {
		const folder = newFolder();
		const store = await open(folder);
		for (let n = 0; n < 50; n++) store.audit.append({ at: "now", treId: `t${n}`, what: "happened" });
		expect(() =>
			store.atomically(() => {
				store.audit.append({ at: "now", what: "never" });
				throw new Error("no");
			}),
		).toThrow("no");
		store.subscribers.put("001010000000001", { imsi: "001010000000001", k: SECRET, opc: SECRET });
		await store.close();
		const after = await open(folder);
		after.audit.append({ at: "later", what: "after the restart" });
		await after.durable();
		const entries = await after.audit.last(3);
		expect(entries.map(({ what }) => what)).toEqual([
			...["after the restart", "the subscription is in the HLR/AuC", "happened"],
		]);
		expect(JSON.stringify(await after.audit.last(1_000))).not.toMatch(/never|0123456789abcdef/);
		expect(await after.audit.last(1_000)).toHaveLength(52);
	});

	test("very many records in one transaction, as a large operator's first fill is one: closing waits until all are written", async () => {
		const folder = newFolder();
		const store = await open(folder);
		store.atomically(() => {
			for (let n = 0; n < 250_000; n++) store.peers.put(`peer ${n}`, { ind: n });
		});
		await store.close();
		const { peers } = await open(folder);
		expect(peers.size).toBe(250_000);
		expect(peers.get("peer 249999")).toEqual({ ind: 249_999 });
	}, 120_000);

	test("a transaction that fails leaves nothing, in memory or behind it; one in another is part of it", async () => {
		const folder = newFolder();
		const store = await open(folder);
		store.peers.put("before", { ind: 1 });
		expect(() =>
			store.atomically(() => {
				store.peers.update("before", { ind: 2 });
				store.atomically(() => store.peers.put("inside", { ind: 3 }));
				store.peers.delete("before");
				throw new Error("no");
			}),
		).toThrow("no");
		expect([store.peers.get("before"), store.peers.get("inside")]).toEqual([{ ind: 1 }, undefined]);
		await store.close();
		expect((await open(folder)).peers.all()).toEqual([{ ind: 1 }]);
	});

	test("K, OPc, passwords, nonceA, private keys and release codes are not to be found in what is at rest", async () => {
		const folder = newFolder();
		const store = await open(folder);
		store.subscribers.put("001010000000001", { imsi: "001010000000001", k: SECRET, opc: SECRET });
		store.identities.put("root", { key: SECRET, certificate: "public" });
		store.registrations.put("t", {
			treId: "t",
			clientPassword: SECRET,
			serverPassword: SECRET,
			nonceA: SECRET,
			shownCode: SECRET,
		} as never);
		store.letters.put("l", {
			id: "l",
			order: 1,
			to: "x",
			message: "register",
			body: { treId: "t", changeId: "c", releaseCode: SECRET },
		} as never);
		store.devices.put("t", { treId: "t", applications: [{ account: { secret: SECRET } }] } as never);
		await store.close();
		const rest =
			url() === undefined
				? readdirSync(folder)
						.filter((name) => name.startsWith("operator.db"))
						.map((name) => readFileSync(join(folder, name)).toString("latin1"))
				: await Promise.all(
						["subscriber", "identity", "registration", "letter", "device"].map(async (table) =>
							JSON.stringify(await cluster.query(`SELECT * FROM ${schemaOf(folder, "operator")}.${table}`)),
						),
					);
		expect(rest.join("")).toContain("public");
		expect(rest.join("")).not.toContain(SECRET);
		expect((await open(folder)).subscribers.get("001010000000001")).toMatchObject({ k: SECRET });
	});

	test("another store key: refused by name, and nothing is lost", async () => {
		const folder = newFolder();
		const store = await open(folder);
		store.subscribers.put("1", { imsi: "1", k: SECRET, opc: SECRET });
		await store.close();
		const key = join(folder, "store.key");
		copyFileSync(key, `${key}.kept`);
		writeFileSync(key, "ab".repeat(32));
		await expect(OperatorStore.open(folder, url())).rejects.toThrow(SealBroken);
		copyFileSync(`${key}.kept`, key);
		expect((await open(folder)).subscribers.get("1")).toMatchObject({ k: SECRET });
	});

	/** A process that writes pairs and tells what is durable; killed without warning. */
	test(`kill -9 while it writes, ${full ? 40 : 4} times: what was told is there, and each transaction as a whole`, async () => {
		const folder = newFolder();
		const random = generator(9);
		let told = 0;
		for (let round = 0; round < (full ? 40 : 4); round++) {
			const writer = fork(
				resolve("test/support/writer.mjs"),
				[resolve("build/js/hil/network/operator/store.js"), folder, url() ?? ""],
				{ stdio: ["ignore", "inherit", "inherit", "ipc"] },
			);
			writer.on("message", (n) => {
				told = Math.max(told, n as number);
			});
			const before = told;
			for (let n = 0; n < 1000 && told < before + 3; n++) await sleep(10);
			await sleep(200 * random());
			writer.kill("SIGKILL");
			await new Promise((done) => writer.once("close", done));
			const after = await OperatorStore.open(folder, url());
			const [one, other] = [after.peers.get("one")?.ind ?? 0, after.peers.get("other")?.ind ?? 0];
			await after.close();
			expect(one).toBe(other);
			expect(one).toBeGreaterThanOrEqual(told);
		}
		expect(told).toBeGreaterThan(10);
	}, 300_000);

	test("a database of each earlier schema is brought up to date, and keeps what stands in it", async () => {
		const steps = Object.entries(operatorMigrations);
		for (let n = 1; n < steps.length; n++) {
			const folder = newFolder();
			const at = url() === undefined ? {} : { url: url() as string };
			const migrations = Object.fromEntries(steps.slice(0, n));
			const old = await Database.open({ folder, name: "operator", migrations, ...at });
			const peers = await old.collection(operatorTables.peer);
			peers.put("vno.example", { ind: n });
			await old.close();
			const store = await open(folder);
			expect(store.peers.get("vno.example")).toEqual({ ind: n });
			store.subscribers.put("1", { imsi: "1", k: SECRET, opc: SECRET });
			await store.durable();
		}
		expect(steps.length).toBeGreaterThan(1);
	});

	test("0004: what one counter had given out is known; of one that came from elsewhere nobody knows what was", async () => {
		const folder = newFolder();
		const at = url() === undefined ? {} : { url: url() as string };
		const migrations = Object.fromEntries(Object.entries(operatorMigrations).slice(0, 3));
		const old = await Database.open({ folder, name: "operator", migrations, ...at });
		const counters = await old.collection(tableOf<{ seq: number }>().beside("sequence", "imsi", { seq: "number" }));
		for (const [imsi, seq] of [
			["1", 5_000],
			["2", 0],
			["3", 400_000_000],
		] as const)
			counters.put(imsi, { seq });
		await old.close();
		const { sequences } = await open(folder);
		expect(sequences.get("1")).toEqual({ seq: 5_000, spans: [[1, 5_000]] });
		expect(sequences.get("2")).toEqual({ seq: 0 });
		expect(sequences.get("3")).toEqual({ seq: 400_000_000 });
	});

	test("the schema has just the columns of the shapes", async () => {
		const folder = newFolder();
		const store = await open(folder);
		store.peers.put("a", { ind: 1 });
		await store.close();
		for (const shape of [...Object.values(operatorTables), ...Object.values(operatorLogs)] as TableShape<object>[]) {
			const columns = [shape.key, ...Object.keys(shape.columns)].map(columnOf).sort();
			if (url() === undefined) {
				const { default: Sqlite } = await import("libsql");
				const database = new Sqlite(join(folder, "operator.db"));
				const found = database.prepare(`SELECT name FROM pragma_table_info('${shape.name}')`).all() as {
					name: string;
				}[];
				database.close();
				expect(found.map(({ name }) => name).sort(), engine).toEqual(columns);
			} else {
				const where = `table_schema = '${schemaOf(folder, "operator")}' AND table_name = '${shape.name}'`;
				const found = await cluster.query(`SELECT column_name FROM information_schema.columns WHERE ${where}`);
				expect(found.map(({ column_name }) => column_name).sort()).toEqual(columns);
			}
		}
	});
});

describe("PostgreSQL goes away", () => {
	test("kill -9 of the server while it is written to: what waits is written when it is back, in order; nobody hears of it before", async () => {
		const quiet = vi.spyOn(process.stdout, "write").mockReturnValue(true);
		const folder = newFolder();
		const store = await OperatorStore.open(folder, cluster.url);
		store.peers.put("a", { ind: 1 });
		await store.durable();
		await cluster.kill();
		let told = false;
		store.atomically(() => {
			store.peers.put("a", { ind: 2 });
			store.peers.put("b", { ind: 2 });
		});
		const durable = store.durable().then(() => {
			told = true;
		});
		for (let n = 0; n < 200 && store.failing === undefined; n++) await sleep(20);
		expect([store.failing === undefined, told]).toEqual([false, false]);
		// It goes on working in memory meanwhile.
		store.peers.put("a", { ind: 3 });
		await cluster.start();
		await durable;
		await store.durable();
		expect(store.failing).toBeUndefined();
		await store.close();
		quiet.mockRestore();
		const after = await OperatorStore.open(folder, cluster.url);
		expect([after.peers.get("a"), after.peers.get("b")]).toEqual([{ ind: 3 }, { ind: 2 }]);
		await after.close();
	}, 60_000);
});

describe("PostgreSQL goes away in the middle of a transaction", () => {
	test("again and again: the process lives, and all that was told to be durable is there", async () => {
		const quiet = vi.spyOn(process.stdout, "write").mockReturnValue(true);
		const folder = newFolder();
		const store = await OperatorStore.open(folder, cluster.url);
		let [wanted, told, over] = [0, 0, false];
		const writing = (async () => {
			while (!over) {
				const n = ++wanted;
				store.atomically(() => {
					for (let k = 0; k < 300; k++) store.peers.put(`peer ${k}`, { ind: n });
				});
				await store.durable();
				told = n;
			}
		})();
		for (let round = 0; round < (full ? 20 : 3); round++) {
			const before = told;
			while (told < before + 3) await sleep(5);
			await cluster.query(
				"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'",
			);
			if (round % 2 === 1) {
				await cluster.kill();
				await cluster.start();
			}
		}
		over = true;
		await writing;
		await store.close();
		quiet.mockRestore();
		const after = await OperatorStore.open(folder, cluster.url);
		expect(after.peers.get("peer 0")?.ind).toBe(told);
		expect(new Set(after.peers.all().map(({ ind }) => ind)).size).toBe(1);
		await after.close();
	}, 120_000);

	test("an operator whose database is gone can be closed all the same", async () => {
		const quiet = vi.spyOn(process.stdout, "write").mockReturnValue(true);
		const store = await OperatorStore.open(newFolder(), cluster.url);
		await cluster.kill();
		store.peers.put("a", { ind: 1 });
		await store.close();
		quiet.mockRestore();
		await cluster.start();
	}, 60_000);

	test("a NUL in a text, or in a key", async () => {
		const folder = newFolder();
		const store = await OperatorStore.open(folder, cluster.url);
		store.letters.put("l", { id: "l", order: 1, to: "a\0b", message: "register", body: { treId: "a\0" } } as never);
		expect(() => store.peers.put("a\0b", { ind: 1 })).toThrow(/NUL/);
		await store.durable();
		await store.close();
		const after = await OperatorStore.open(folder, cluster.url);
		expect(after.letters.get("l")?.to).toBe("a\ufffdb");
		await after.close();
	});
});

describe("secrets at rest", () => {
	test("a sealed value is worth nothing in another place, and a changed one nothing at all", () => {
		const box = new SecretBox(Buffer.alloc(32, 1));
		const sealed = box.seal(SECRET, "subscriber/1/k");
		expect(box.open(sealed, "subscriber/1/k")).toBe(SECRET);
		expect(() => box.open(sealed, "subscriber/2/k")).toThrow(SealBroken);
		for (let n = 0; n < Buffer.from(sealed, "base64").length; n++) {
			const changed = Buffer.from(sealed, "base64");
			changed[n] ^= 1;
			expect(() => box.open(changed.toString("base64"), "subscriber/1/k")).toThrow(SealBroken);
		}
		expect(box.seal(SECRET, "a")).not.toBe(box.seal(SECRET, "a"));
		const error = (() => {
			try {
				box.open(sealed, "elsewhere");
			} catch (thrown) {
				return String(thrown);
			}
			return "";
		})();
		expect(error).not.toContain(SECRET);
	});

	test("the store key out of the environment, or of a file that is made once", () => {
		const file = join(newFolder(), "store.key");
		const made = storeKey(file, undefined);
		expect(storeKey(file, undefined).equals(made)).toBe(true);
		expect(storeKey(file, "cd".repeat(32)).toString("hex")).toBe("cd".repeat(32));
		expect(() => storeKey(file, "short")).toThrow(/64 hex digits/);
	});
});
