import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import Sqlite from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ScenarioResult } from "../../../hil/stage/play.ts";
import { PostgresCluster } from "../../support/postgres.ts";
import { found, type Secret } from "../../support/secrets.ts";

const run = promisify(execFile);

const cluster = new PostgresCluster();
let lab = "";
const folder = mkdtempSync(join(tmpdir(), "story-on-postgres-"));
beforeAll(() => cluster.start(), 60_000);
afterAll(async () => {
	await cluster.dispose();
	for (const one of [folder, lab].filter((name) => name !== "")) rmSync(one, { recursive: true, force: true });
});

/** Every operator and the PVA on one PostgreSQL, one of them with osmo-hlr: both directions of change. */
test("three operators on PostgreSQL, osmo-hlr for one: the device comes and goes, and no K stands there in clear", async () => {
	const env = { ...process.env, DATABASE_URL: cluster.url };
	const args = [
		resolve("build/js/hil/cli/main.js"),
		"run",
		"osmo-hlr",
		"--keep",
		"--evidence",
		join(folder, "evidence"),
	];
	const { stdout } = await run(process.execPath, args, { env, maxBuffer: 1 << 24 });
	lab = /^Lab kept: (.+)$/m.exec(stdout)?.[1] ?? "";
	const result = JSON.parse(readFileSync(join(folder, "evidence", "result.json"), "utf8")) as ScenarioResult;
	expect(result.changes.map(({ fromSho, toSho }) => `${fromSho} → ${toSho}`)).toEqual([
		"ro.example → sho-1.example",
		"sho-1.example → sho-2.example",
		"sho-2.example → sho-1.example",
	]);
	const schemas = (await cluster.query("SELECT schema_name FROM information_schema.schemata"))
		.map(({ schema_name }) => String(schema_name))
		.filter((name) => /^(operator|pva)_/.test(name));
	expect(schemas.filter((name) => name.startsWith("operator_"))).toHaveLength(3);
	expect(schemas.filter((name) => name.startsWith("pva_"))).toHaveLength(1);

	const text = async (schema: string, table: string) =>
		JSON.stringify(await cluster.query(`SELECT * FROM ${schema}.${table}`));
	const operators = schemas.filter((name) => name.startsWith("operator_"));
	const all = await Promise.all(
		operators.flatMap((schema) =>
			["subscriber", "registration", "device", "identity"].map((table) => text(schema, table)),
		),
	);
	expect(all.join("")).toContain(result.treId);
	expect(all.join("")).not.toMatch(/PRIVATE KEY/);
	// osmo-hlr has K in clear, in a file of its own: what stands there stands nowhere in PostgreSQL.
	const hlr = new Sqlite(join(lab, "operator-sho-1.example", "osmo-hlr", "hlr.db"), { readonly: true });
	const keys = hlr.prepare("SELECT k, opc FROM auc_3g").all() as { k: string; opc: string }[];
	hlr.close();
	const secrets = keys.flatMap(({ k, opc }): Secret[] => [
		{ name: "K", octets: Buffer.from(k, "hex") },
		{ name: "OPc", octets: Buffer.from(opc, "hex") },
	]);
	expect(secrets.length).toBeGreaterThanOrEqual(4);
	expect(found(secrets, Buffer.from(all.join("")))).toEqual([]);
}, 180_000);
