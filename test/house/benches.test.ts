import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
const row = /^\| `npm run bench` \|.*$/m.exec(readFileSync("README.md", "utf8"))?.[0] ?? "";
const documented = [...row.matchAll(/`-- ([a-z]+)`/g)].map(([, name]) => name as string);
const files = readdirSync("test/bench").filter((name) => name.endsWith(".bench.ts"));

/** What `npm run bench -- NAME…` runs: its modules are loaded, its benchmarks are not. */
function listed(names: readonly string[]): Promise<{ readonly code: number | null; readonly out: string }> {
	const [, more = ""] = /vitest run (.*)$/.exec(scripts.bench ?? "") ?? [];
	// Of the vitest around this one.
	const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(VITEST|NODE_ENV|TEST$)/.test(key)));
	const args = ["list", ...more.split(" ").filter(Boolean), ...names];
	const child = spawn(process.execPath, [resolve("node_modules/vitest/vitest.mjs"), ...args], { env });
	let out = "";
	for (const stream of [child.stdout, child.stderr])
		stream.setEncoding("utf8").on("data", (text: string) => {
			out += text;
		});
	return new Promise((done) => child.once("close", (code) => done({ code, out })));
}

describe("npm run bench", () => {
	test("the README names each benchmark that there is, and none that there is not", () => {
		expect(documented.map((name) => `${name}.bench.ts`).sort()).toEqual(files.sort());
	});

	test("each of them is found, with all that it is made of", async () => {
		const { code, out } = await listed(documented);
		expect(code, out).toBe(0);
		for (const file of files) expect(out).toContain(`${join("test", "bench", file)} > `);
	});

	test.each(documented)("-- %s means one of them", (name) => {
		expect(files.filter((file) => join("test", "bench", file).includes(name))).toEqual([`${name}.bench.ts`]);
	});

	test("a stage is taken from the built tree: from the sources it would start programs that are not there", () => {
		const folders = ["test/bench", "test/bench/measure"];
		const sources = folders.flatMap((folder) =>
			readdirSync(folder)
				.filter((name) => name.endsWith(".ts"))
				.map((name) => join(folder, name)),
		);
		const starting = /^import (?!type ).* from "[./]+\/hil\/(?:stage|scenarios)\//m;
		expect(sources.filter((path) => starting.test(readFileSync(path, "utf8")))).toEqual([]);
	});
});
