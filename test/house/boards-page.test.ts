import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, test } from "vitest";
import { boardSizes } from "../support/board-sizes.ts";
import { full } from "../support/long-form.ts";

const root = resolve(".");
const programs: Readonly<Record<string, string>> = {
	tre: "build/js/host/cli/main.js",
	hil: "build/js/hil/cli/main.js",
	firmware: "hil/setup/firmware.mjs",
};

/** A command of the page: which program, and its words, as a shell would split them. */
interface Command {
	readonly program: string;
	readonly args: readonly string[];
	readonly line: string;
}

/** Each command in a block of docs/boards.md, without its remark. */
function commandsOf(page: string): readonly Command[] {
	const blocks = [...page.matchAll(/^ *```\n(.*?)^ *```$/gms)].flatMap(([, block = ""]) => block.split("\n"));
	return blocks.flatMap((text): Command[] => {
		const line = text.trim().replace(/\s+#.*$/, "");
		const [, program, rest = ""] = /^npm run -s (\w+)(?: -- (.*))?$/.exec(line) ?? [];
		return program === undefined ? [] : [{ program, args: rest.split(/\s+/).filter((word) => word !== ""), line }];
	});
}

const commands = commandsOf(readFileSync("docs/boards.md", "utf8"));
/** A board, a probe, a bench, a lab that would stay, or a key that the build would keep for the tests that follow. */
const needsHardware = ({ line }: Command): boolean => /\/dev\/tty|stlink|board:|--update-key|hil -- up/.test(line);
/** Scenarios, and what makes a lab and leaves it. */
const isLong = ({ program }: Command): boolean => program === "hil";
const nameOf = ({ line }: Command): string => line;

const call = (program: string, args: readonly string[], cwd: string) =>
	spawnSync(process.execPath, [join(root, programs[program] as string), ...args], { cwd, encoding: "utf8" });

test("the page has its commands where they are looked for", () => {
	expect(commands.length).toBeGreaterThan(15);
	expect(commands.filter(({ program }) => !Object.hasOwn(programs, program))).toEqual([]);
});

test("its table of sizes is what the reports beside the boards say", () => {
	const rows = [
		...readFileSync("docs/boards.md", "utf8").matchAll(/^\| `([\w-]+)` \| (board|qemu) \| ([\d,]+) \| ([\d,]+) \|$/gm),
	];
	const number = (text = "") => Number(text.replaceAll(",", ""));
	const told = rows.map(([, board, variant, flash, ram]) => ({
		board,
		variant,
		flash: number(flash),
		ram: number(ram),
	}));
	expect(told).toEqual(boardSizes());
});

describe("what needs hardware is a command with these options", () => {
	test.each(commands.filter(needsHardware).map((one) => [nameOf(one), one] as const))(
		"%s",
		(_line, { program, args }) => {
			const [sub = ""] = args;
			const help = program === "firmware" ? ["--help"] : [sub, "--help"];
			const { status, stdout } = call(program, help, root);
			expect(status).toBe(0);
			for (const option of args.filter((word) => word.startsWith("--"))) expect(stdout).toContain(option);
		},
	);
});

describe("what needs none runs as it stands there, in order", () => {
	const folder = mkdtempSync(join(tmpdir(), "page-"));
	const running: ReturnType<typeof spawn>[] = [];
	afterAll(async () => {
		for (const child of running) {
			const ended = new Promise((done) => child.once("close", done));
			child.kill();
			await ended;
		}
		rmSync(folder, { recursive: true, force: true });
	});

	/** Paths of the page are those of a clone. */
	const here = (args: readonly string[]): readonly string[] =>
		args.map((word) => (word.startsWith("build/") ? join(root, word) : word));

	const plain = commands.filter((one) => !needsHardware(one) && (full || !isLong(one)));
	test.each(plain.map((one) => [nameOf(one), one] as const))("%s", async (_line, { program, args }) => {
		if (args[0] !== "emulate") {
			const { status, stderr } = call(program, here(args), folder);
			// A doctor finds what is not there, and says so by its code.
			if (args[0] !== "doctor") expect(status, stderr).toBe(0);
			return;
		}
		const child = spawn(process.execPath, [join(root, programs.tre as string), ...args], {
			cwd: folder,
			stdio: ["ignore", "pipe", "inherit"],
		});
		running.push(child);
		for await (const line of createInterface({ input: child.stdout })) if (line.startsWith("TRE ")) break;
	});
});
