import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { FolderNotOwn, makeFolder, makeOwnFolder, NoFolderThere } from "../../../firmware/local/own-folder.ts";

/** Generous: a command that is refused has nothing to do. */
const PATIENCE_MS = 60_000;
const build = (module: string): string => resolve("build/js", module);
const call = (module: string, ...args: string[]) =>
	spawnSync(process.execPath, [build(module), ...args], {
		encoding: "utf8",
		timeout: PATIENCE_MS,
		killSignal: "SIGKILL",
	});

const folder = mkdtempSync(join(tmpdir(), "folders-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "file");
writeFileSync(file, "");

const tre = "host/cli/main.js";
const hil = "hil/cli/main.js";
const attach = ["attach", "/dev/null", "--radio", "127.0.0.1:9"];

describe("a folder in a place that has none: the command says so and ends", () => {
	test.each([
		["tre emulate --state", tre, ["emulate", "--state"]],
		["tre attach --state", tre, [...attach, "--state"]],
		["tre attach --record", tre, [...attach, "--state", join(folder, "m2me"), "--record"]],
		["hil up --lab", hil, ["up", "--lab"]],
		["hil run story --evidence", hil, ["run", "story", "--evidence"]],
		["hil story --evidence", hil, ["story", "--evidence"]],
	])("%s", (_name, module, args) => {
		for (const [place, words] of [
			["/proc/xx", /^(?:tre \w+|hil): no folder can be made in \/proc; name another one than \/proc\/xx\n$/],
			[join(file, "xx"), /leads through a file as if it were a folder; name another path\n$/],
		] as const) {
			const { status, signal, stdout, stderr } = call(module, ...args, place);
			expect({ place, status, signal }).toEqual({ place, status: 1, signal: null });
			expect(stderr).toMatch(words);
			// An M2ME has not begun, and no story has.
			expect(stdout).toBe("");
		}
	});

	test("an element of a network, by its configuration", () => {
		const config = join(folder, "config.json");
		writeFileSync(config, JSON.stringify({ folder: "/proc/xx" }));
		const { status, stderr } = call("hil/network/pva/main.js", "--config", config);
		expect({ status, stderr }).toEqual({
			status: 1,
			stderr: "no folder can be made in /proc; name another one than /proc/xx\n",
		});
	});
});

describe("makeFolder", () => {
	test("any path: the folders above it are made with it, once and again", () => {
		const name = fc.stringMatching(/^[a-z]{1,8}$/);
		fc.assert(
			fc.property(fc.array(name, { minLength: 1, maxLength: 6 }), fc.constantFrom("", "/"), (names, end) => {
				const path = join(folder, "made", ...names) + end;
				for (let n = 0; n < 2; n++) makeFolder(path, 0o700);
				expect(statSync(path).isDirectory()).toBe(true);
				expect(statSync(join(folder, "made")).mode & 0o777).toBe(0o700);
			}),
			{ numRuns: 30 },
		);
	});

	test("one that is there keeps its mode; a link to a folder is one", () => {
		const there = join(folder, "there");
		mkdirSync(there);
		chmodSync(there, 0o750);
		symlinkSync(there, join(folder, "link"));
		for (const path of [there, join(folder, "link")]) makeFolder(path, 0o700);
		makeFolder(join(folder, "link", "below"));
		expect(statSync(there).mode & 0o777).toBe(0o750);
		expect(readdirSync(there)).toEqual(["below"]);
	});

	test("what is no folder, or leads nowhere, is refused", () => {
		symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));
		expect(() => makeFolder(file)).toThrow(/EEXIST/);
		expect(() => makeFolder(join(file, "below"))).toThrow(/ENOTDIR/);
		expect(() => makeFolder(join(folder, "dangling"))).toThrow(/EEXIST/);
		expect(() => makeFolder(join(folder, "dangling", "below"))).toThrow();
		expect(() => makeFolder("/proc/xx/yy/zz")).toThrow(NoFolderThere);
		expect(() => makeFolder("")).toThrow();
	});

	test("a folder for keys is its owner's alone, and no folder of everybody's is taken for one", () => {
		const own = join(folder, "own", "keys");
		makeOwnFolder(own);
		expect(statSync(own).mode & 0o777).toBe(0o700);
		chmodSync(own, 0o777);
		expect(() => makeOwnFolder(own)).toThrow(FolderNotOwn);
		expect(() => makeOwnFolder("/proc/xx")).toThrow(NoFolderThere);
	});
});
