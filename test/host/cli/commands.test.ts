import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { full } from "../../support/long-form.ts";

const programs = {
	tre: resolve("build/js/host/cli/main.js"),
	hil: resolve("build/js/hil/cli/main.js"),
} as const;
type Program = keyof typeof programs;
type Words = readonly string[];

const USAGE = 2;
const WIDTH = 4;
const NOTHING_LISTENS = 9;

/** Where the commands run, so that none of them finds or leaves anything elsewhere. */
const home = mkdtempSync(join(tmpdir(), "commands-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

mkdirSync(join(home, "folder"));
mkdirSync(join(home, "full"));
mkdirSync(join(home, "broken"));
mkdirSync(join(home, "null"));
mkdirSync(join(home, "odd", "m2me.json"), { recursive: true });
for (const [name, text] of [
	["file.md", "# a file\n"],
	["full/file", "something"],
	["broken/m2me.json", '{"naps":'],
	["null/m2me.json", "null"],
	["map.json", "{"],
] as const)
	writeFileSync(join(home, name), text);
const before = readdirSync(home).sort();

interface Told {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

let running = 0;
const waiting: (() => void)[] = [];

/** Runs a command, beside three others at most. */
async function told(program: Program, words: Words): Promise<Told> {
	if (running === WIDTH) await new Promise<void>((go) => waiting.push(go));
	else running++;
	const child = spawn(process.execPath, [programs[program], ...words], {
		cwd: home,
		stdio: ["ignore", "pipe", "pipe"],
	});
	const said = { stdout: "", stderr: "" };
	for (const stream of ["stdout", "stderr"] as const)
		child[stream].setEncoding("utf8").on("data", (text: string) => {
			said[stream] += text;
		});
	const code = await new Promise<number | null>((done) => child.once("close", done));
	const next = waiting.shift();
	if (next) next();
	else running--;
	return { code, ...said };
}

/** Words for people: no stack, and nothing that only the system's own documents explain. */
function expectInWords({ stdout, stderr }: Told): void {
	const all = stdout + stderr;
	expect(all).not.toMatch(/^\s+at .*:\d+/m);
	expect(all).not.toMatch(/node:internal|Node\.js v\d|\[object |\bundefined\b|this is a defect/);
	expect(all).not.toMatch(/\bE(?!RROR\b|XAMPLE\b)[A-Z]{4,}\b|\b(?:ioctl|errno|syscall|getaddrinfo)\b/);
}

function expectUsage(said: Told, usage: string): void {
	expect(said.code, said.stderr).toBe(USAGE);
	expect(said.stdout).toBe("");
	expect(said.stderr).toMatch(/^error: /);
	expect(said.stderr).toContain(`Usage: ${usage}`);
	expectInWords(said);
}

/** A command, its arguments as they may be, and what else it needs for a call that makes sense. */
interface Row {
	readonly command: string;
	readonly args?: Words;
	readonly needs?: Words;
	/** Its last argument may be left out. */
	readonly optional?: true;
	/** Made as another one is: the long form tries it in all ways, too. */
	readonly alike?: true;
}

const lab = { needs: ["--lab", join(home, "no-lab")] } as const;

const commands: Readonly<Record<Program, readonly Row[]>> = {
	tre: [
		{ command: "info", args: ["./tre0"] },
		{ command: "log", args: ["./tre0"], alike: true },
		{ command: "mcims", args: ["./tre0"], alike: true },
		{ command: "link", args: ["./tre0"], alike: true },
		{ command: "store", args: ["./tre0"], alike: true },
		{ command: "wear", args: ["./tre0"], alike: true },
		{ command: "firmware", args: ["./tre0"], alike: true },
		{ command: "update", args: ["./tre0", "tre.bundle"] },
		{ command: "accounts", args: ["./m2me-state"] },
		{ command: "trace", args: ["./evidence"] },
		{ command: "flash", args: ["./tre0"] },
		{ command: "doctor", args: ["./tre0"], optional: true },
		{ command: "wbxml decode", args: ["bootstrap.wbxml"] },
		{ command: "wbxml encode", args: ["bootstrap.xml"] },
		{ command: "emulate" },
		{ command: "attach", args: ["./tre0"], needs: ["--radio", "127.0.0.1:9"] },
	],
	hil: [
		{ command: "story" },
		{ command: "run", args: ["nothing"], optional: true },
		{ command: "up", ...lab },
		{ command: "status", ...lab, alike: true },
		{ command: "down", ...lab, alike: true },
		{ command: "factory", args: ["./tre0"], ...lab },
		{ command: "wipe", args: ["./tre0"], ...lab, alike: true },
		{ command: "attach", args: ["./tre0"], ...lab, alike: true },
		{ command: "step", args: ["./tre0"], ...lab, alike: true },
		{ command: "register", args: ["5f0c", "sho-1.example"], ...lab },
		{ command: "withdraw", args: ["5f0c", "sho-1.example"], ...lab, alike: true },
		{ command: "application", args: ["5f0c", "account.json"], ...lab, alike: true },
		{ command: "offer", args: ["5f0c", "build/emulator.bundle"], ...lab, alike: true },
		{ command: "coverage", args: ["sho-1.example", "off"], ...lab },
		{ command: "air", ...lab, alike: true },
		{ command: "restarts" },
	],
};

const names = Object.keys(programs) as Program[];
const rows = names.flatMap((program) => commands[program].map((row) => ({ program, ...row })));
const isTried = ({ alike }: Row): boolean => full || !alike;
const tried = rows.filter(isTried);
/** Programs and groups of commands: they take none of their own. */
const groups: readonly (readonly [Program, Words])[] = [
	["tre", []],
	["tre", ["wbxml"]],
	["hil", []],
];
const wordsOf = (row: Row): Words => [...row.command.split(" "), ...(row.args ?? []), ...(row.needs ?? [])];
const calls = (program: Program, words: Words): string => [program, ...words].join(" ");

describe.concurrent("help and version", () => {
	const topics: readonly (readonly [Program, Words])[] = [
		...groups,
		...rows.map(({ program, command }) => [program, command.split(" ")] as const),
	];

	test.each(topics)("%s %j --help: usage, and an example of this command", async (program, words) => {
		const said = await told(program, [...words, "--help"]);
		expect(said).toMatchObject({ code: 0, stderr: "" });
		expect(said.stdout).toContain(`Usage: ${calls(program, words)}`);
		expect(said.stdout).toMatch(new RegExp(`^Example:\n(?: {2}.*\n)* {2}${calls(program, words)}\\b`, "m"));
		expectInWords(said);
	});

	test.each([
		["tre", []],
		["tre", ["info"]],
		["tre", ["emulate"]],
		["hil", []],
		["hil", ["status"]],
	] as const)("%s %j -h: the same", async (program, words) => {
		const [short, long] = await Promise.all([told(program, [...words, "-h"]), told(program, [...words, "--help"])]);
		expect(short).toEqual(long);
	});

	const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
	test.each([
		["tre", ["--version"]],
		["tre", ["-V"]],
		["tre", ["emulate", "--version"]],
		["tre", ["emulate", "-V"]],
		["tre", ["attach", "--version"]],
		["tre", ["attach", "-V"]],
		["hil", ["--version"]],
		["hil", ["-V"]],
	] as const)("%s %j: that of the package", async (program, words) => {
		expect(await told(program, words)).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
	});

	test.each(names)("%s without anything, and its help, name each command that there is", async (program) => {
		const [bare, help] = await Promise.all([told(program, []), told(program, ["help"])]);
		expect(bare.code).toBe(0);
		expect(bare.stdout).toBe(help.stdout);
		const [, list = ""] = /^Commands:\n([\s\S]*?)\n\n/m.exec(bare.stdout) ?? [];
		const listed = [...list.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
		const known = new Set([...commands[program].map(({ command }) => command.split(" ")[0]), "help"]);
		expect(listed.sort()).toEqual([...known].sort());
	});

	test("whatever the documents tell people to run is one of these commands", () => {
		const documents = ["README.md", ...readdirSync("docs").map((name) => join("docs", name))];
		const asked = documents.flatMap((path) => [
			...readFileSync(path, "utf8").matchAll(/npm run -s (tre|hil) -- (\w+)(?: (decode|encode)\b)?/g),
		]);
		expect(asked.length).toBeGreaterThan(20);
		for (const [line, program, first, second] of asked) {
			const command = [first, second].filter(Boolean).join(" ");
			expect(
				commands[program as Program].some((row) => row.command === command),
				line,
			).toBe(true);
		}
	});
});

describe.concurrent("a call that makes no sense ends with code 2, says why, and shows how it is meant", () => {
	test.each([
		["tre", ["nonsense"], "tre "],
		["tre", ["nonsense", "./tre0", "--json"], "tre "],
		["tre", ["constructor"], "tre "],
		["tre", ["wbxml", "nonsense"], "tre wbxml"],
		["hil", ["nonsense"], "hil "],
		["hil", ["__proto__"], "hil "],
	] as const)("%s %j: no such command", async (program, words, usage) => {
		const said = await told(program, words);
		expectUsage(said, usage);
		const named = words.find((word) => word !== "wbxml");
		expect(said.stderr).toContain(`unknown command '${named}'`);
	});

	test.each([...groups.map(([program, words]) => [program, words] as const)])(
		"%s %j: no such option",
		async (program, words) => {
			const said = await told(program, [...words, "--no-such-option"]);
			expectUsage(said, calls(program, words));
			expect(said.stderr).toContain("unknown option '--no-such-option'");
		},
	);

	test.each(tried)("$program $command: no such option", async ({ program, ...row }) => {
		const said = await told(program, [...wordsOf(row), "--no-such-option"]);
		expectUsage(said, `${program} ${row.command}`);
		expect(said.stderr).toContain("unknown option '--no-such-option'");
	});

	test.each(tried)("$program $command: an argument too many", async ({ program, ...row }) => {
		const said = await told(program, [...wordsOf(row), "one-too-many"]);
		expectUsage(said, `${program} ${row.command}`);
		expect(said.stderr).toContain("too many arguments");
	});

	test.each(tried.filter(({ args, optional }) => args && !optional))(
		"$program $command: an argument is missing",
		async ({ program, ...row }) => {
			const said = await told(program, wordsOf({ ...row, args: row.args?.slice(0, -1) }));
			expectUsage(said, `${program} ${row.command}`);
			expect(said.stderr).toMatch(/missing required argument '\S+'/);
		},
	);

	test.each([
		["tre", "info", ["./tre0", "--baud", "fast"], "a baud rate, 1200 to 4000000"],
		["tre", "flash", ["./tre0", "--via", "floppy"], "Allowed choices are update, rom, openocd, dfu, gdb"],
		["tre", "flash", ["./tre0", "--parity", "odd"], "Allowed choices are even, none"],
		["tre", "emulate", ["--tcp", "99999"], "the number of a port, 0 to 65535"],
		["tre", "emulate", ["--tcp", ""], "the number of a port, 0 to 65535"],
		["tre", "attach", ["./tre0"], "required option '--radio <host:port>' not specified"],
		["tre", "attach", ["./tre0", "--radio", "nowhere"], "nowhere is no address: it has the form HOST:PORT"],
		["tre", "attach", ["./tre0", "--radio", "127.0.0.1:9", "--dm", "json"], "Allowed choices are"],
		["tre", "attach", ["./tre0", "--radio", "127.0.0.1:9", "--imei", "12"], "14 or 15 digits"],
		["hil", "factory", ["./tre0", "--encryption", "dsa"], "Allowed choices are rsa, p256"],
		["hil", "factory", ["./tre0", "--updates", "none"], "Allowed choices are any, offered"],
		["hil", "air", ["--loss", "2"], "a share from 0 to 1"],
		["hil", "coverage", ["sho-1.example", "maybe"], "Allowed choices are on, off"],
		["hil", "register", ["", "sho"], "a TRE_id, or its first four hex digits at the least"],
		["hil", "register", ["5f0", "sho"], "a TRE_id, or its first four hex digits at the least"],
		["hil", "withdraw", ["", "sho"], "a TRE_id, or its first four hex digits at the least"],
		["hil", "application", ["zzzz", "account.json"], "a TRE_id, or its first four hex digits at the least"],
		["hil", "restarts", ["--scenario", "refusals"], "Allowed choices are story, firmware"],
		["hil", "restarts", ["--sample", "0"], "a number from 1"],
	] as const)("%s %s %j", async (program, command, words, why) => {
		const said = await told(program, [command, ...words]);
		expectUsage(said, `${program} ${command}`);
		expect(said.stderr).toContain(why);
	});
});

describe.concurrent("what cannot be done is told in words, with code 1", () => {
	const views = ["info", "log", ...(full ? ["mcims", "link", "store", "wear", "firmware"] : [])];
	const port = "the port of a TRE is";
	const emulator = /\nFor an emulated TRE: npm run -s tre -- emulate --link \.\/tre0\n$/;

	test.each([
		...views.flatMap((view) => [
			[[view, "file.md"], `tre ${view}: file.md is no serial device; ${port} one, or tcp://HOST:PORT`] as const,
		]),
		[["info", "folder"], `tre info: folder is a folder; ${port} a serial device, or tcp://HOST:PORT`],
		[["info", "no/where"], `tre info: no/where is not there; ${port} a serial device, or tcp://HOST:PORT`],
		[["info", ""], "tre info: "],
		[["info", "/dev/null"], `tre info: /dev/null is no serial device; ${port} one, or tcp://HOST:PORT`],
		[["info", "tcp://nowhere"], "tre info: tcp://nowhere names no port: it has the form tcp://HOST:PORT"],
		[["info", `tcp://127.0.0.1:${NOTHING_LISTENS}`], "nothing listens on 127.0.0.1:9"],
		[["info", "tcp://no.such.host.invalid:7000"], "no.such.host.invalid"],
	] as const)("tre %j, where a port is wanted", async (words, why) => {
		const said = await told("tre", words);
		expect(said).toMatchObject({ code: 1, stdout: "" });
		expect(said.stderr).toContain(why);
		expect(said.stderr).toMatch(emulator);
		expectInWords(said);
	});

	const emulate = (what: string) => `tre emulate: ${join(home, what)}`;
	test.each([
		[["info", "file.md/tre0"], "tre info: file.md/tre0 leads through a file as if it were a folder; name another path"],
		[["trace", "file.md"], "tre trace: there is no folder file.md; give the folder of a run's --evidence"],
		[["trace", "nothing"], "tre trace: there is no folder nothing; give the folder of a run's --evidence"],
		[["trace", "full"], "tre trace: nothing in full is a message; give the folder of a run's --evidence"],
		[["accounts", "nothing"], "tre accounts: no M2ME has kept anything in nothing; give the folder of its --state"],
		[["accounts", "file.md"], "tre accounts: no M2ME has kept anything in file.md"],
		[["accounts", "broken"], "tre accounts: broken/m2me.json is not what an M2ME wrote; bring it back from a copy"],
		[["accounts", "null"], "tre accounts: null/m2me.json is not what an M2ME wrote; bring it back from a copy"],
		[["accounts", "odd"], "tre accounts: odd/m2me.json is a folder; name a file"],
		[["wbxml", "decode", "nothing"], "tre wbxml decode: nothing is not there"],
		[["wbxml", "decode", "folder"], "tre wbxml decode: folder is a folder; name a file"],
		[["wbxml", "decode", "file.md"], "tre wbxml decode: WBXML refused at octet 0"],
		[["wbxml", "encode", "nothing"], "tre wbxml encode: nothing is not there"],
		[["wbxml", "encode", "folder"], "tre wbxml encode: folder is a folder; name a file"],
		[["wbxml", "encode", "file.md"], "tre wbxml encode: XML refused at character"],
		[["flash", "./tre0", "--board", "none"], 'tre flash: no board "none"; there are: esp32c3, mps2-an386, '],
		[["flash", "./tre0", "--board", "mps2-an505"], "tre flash: mps2-an505 has no flash that a host writes"],
		[
			["flash", "./tre0", "--firmware", "nothing"],
			"tre flash: there is no firmware nothing; build it: npm run firmware",
		],
		[["flash", "./tre0", "--firmware", "file.md"], "tre flash: the file is no firmware bundle"],
		[["flash", "./tre0", "--firmware", "folder"], "tre flash: folder is a folder; name a file"],
		[["flash", "./tre0", "--board", "esp32c3"], "tre flash: no way of this program writes the flash of esp32c3 yet"],
		[["update", "./tre0", "nothing"], "tre update: nothing is not there"],
		[["update", "./tre0", "file.md"], "tre update: the file is no firmware bundle"],
		[["emulate", "--state", "file.md"], `${emulate("file.md")} is there already, and is something else`],
		[["emulate", "--state", "file.md/in"], `${emulate("file.md/in")} leads through a file as if it were a folder`],
		[["emulate", "--state", "t0", "--link", "/nonexist/tre0"], "there is no folder /nonexist for the link"],
		[["emulate", "--state", "t1", "--link", "folder"], `${emulate("folder")} is there already; name another path`],
		[["emulate", "--state", "t2", "--board", "none"], "tre emulate: no board"],
		[
			["attach", "./tre0", "--radio", "127.0.0.1:9", "--state", "file.md", "--once"],
			"tre attach: file.md is there already, and is something else; name another path",
		],
		[
			["attach", "./tre0", "--radio", "127.0.0.1:9", "--state", "null", "--once"],
			"tre attach: null/m2me.json is not what an M2ME wrote; bring it back from a copy",
		],
	] as const)("tre %j", async (words, why) => {
		const said = await told("tre", words);
		expect(said).toMatchObject({ code: 1, stdout: "" });
		expect(said.stderr).toContain(why);
		expect(said.stderr.trim().split("\n")).toHaveLength(1);
		expectInWords(said);
	});

	test("tre attach --once where no port is: as an event, because a machine reads it", async () => {
		const said = await told("tre", ["attach", "no/where", "--radio", "127.0.0.1:9", "--state", "t3", "--once"]);
		expect(said).toMatchObject({ code: 1, stderr: "" });
		const events = said.stdout.trim().split("\n");
		expect(JSON.parse(events.at(-1) ?? "")).toMatchObject({
			event: "problem",
			what: expect.stringContaining(`M2ME: no/where is not there; ${port} a serial device`),
		});
		expectInWords(said);
	});

	const noLab = `hil: no lab is up in ${join(home, "no-lab")}; start one with: npm run -s hil -- up --lab ${join(home, "no-lab")}`;
	test.each([
		...commands.hil
			.filter((row) => isTried(row) && row.needs && row.command !== "up" && row.command !== "down")
			.map((row) => [wordsOf(row), noLab] as const),
		[["status"], `hil: no lab is up in ${join(home, "build", "lab")}; start one with: `],
		[["status", "--lab", "file.md"], `hil: no lab is up in ${join(home, "file.md")}; start one with: `],
		[["up", "--lab", "file.md"], `hil: ${join(home, "file.md")} is there already, and is something else`],
		[["run", "nothing"], 'hil: no scenario "nothing"; there are: story, '],
		[["run", "story", "--target", "none"], 'hil: no target "none"; there are: emulator, '],
		[["run", "story", "--target", "board:one"], "hil: board:one needs a hardware map: --map FILE (docs/boards.md)"],
		[["run", "story", "--target", "board:one", "--map", "nothing"], "hil: nothing is not there"],
		[["run", "story", "--target", "board:one", "--map", "map.json"], "hil: map.json"],
		[["run", "story", "--target", "board:one", "--map", "folder"], "hil: folder is a folder; name a file"],
		[["story", "--evidence", "full"], "hil: full is there and not empty; name a new folder for the evidence"],
		[["story", "--evidence", "file.md"], "hil: file.md is there"],
	] as const)("hil %j", async (words, why) => {
		const said = await told("hil", words);
		expect(said).toMatchObject({ code: 1, stdout: "" });
		expect(said.stderr).toContain(why);
		expectInWords(said);
	});

	test("hil down where no lab is up has nothing to do", async () => {
		const said = await told("hil", ["down", ...lab.needs]);
		expect(said).toEqual({ code: 0, stdout: `No lab is up in ${join(home, "no-lab")}.\n`, stderr: "" });
	});
});

test("none of them has left anything behind but the folders that it was given", () => {
	const left = readdirSync(home).filter((name) => !before.includes(name));
	expect(
		left.every((name) => /^t\d$/.test(name)),
		left.join(" "),
	).toBe(true);
});
