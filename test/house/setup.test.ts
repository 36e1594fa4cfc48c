import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const clone = mkdtempSync(join(tmpdir(), "clone-"));
afterAll(() => rmSync(clone, { recursive: true, force: true }));

const module = pathToFileURL("hil/setup/alone.mjs").href;
const script = `
	const { alone } = await import(${JSON.stringify(module)});
	const say = (text) => console.log(text);
	await alone(process.argv[1], say, async () => {
		say("begins");
		await new Promise((done) => process.stdin.once("end", done).resume());
		say("ends");
	});`;

/** A set-up that is at work until its standard input ends; `said` collects what it says. */
function setUp(): { readonly child: ChildProcess; readonly said: string[]; says(word: string): Promise<void> } {
	const child = spawn(process.execPath, ["--input-type=module", "-e", script, clone], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	const said: string[] = [];
	child.stdout?.on("data", (text: Buffer) => said.push(...text.toString().trim().split("\n")));
	const says = async (word: string): Promise<void> => {
		while (!said.some((one) => one.includes(word))) await new Promise((done) => setTimeout(done, 10));
	};
	return { child, said, says };
}

describe("one set-up at a time in a clone", () => {
	test("the second waits, says for what, and goes on when the first has ended", async () => {
		const first = setUp();
		await first.says("begins");
		const second = setUp();
		await second.says("another set-up is at work");
		expect(second.said).not.toContain("begins");
		first.child.stdin?.end();
		await second.says("begins");
		expect(first.said).toContain("ends");
		second.child.stdin?.end();
		await second.says("ends");
	}, 60_000);

	test("one that was killed is waited for by nobody", async () => {
		const first = setUp();
		await first.says("begins");
		first.child.kill("SIGKILL");
		const second = setUp();
		await second.says("begins");
		second.child.stdin?.end();
		await second.says("ends");
	}, 60_000);
});
