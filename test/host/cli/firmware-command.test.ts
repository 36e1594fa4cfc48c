import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

/** Generous: none of these builds anything. */
const PATIENCE_MS = 60_000;
const call = (...args: string[]) =>
	spawnSync(process.execPath, [resolve("hil/setup/firmware.mjs"), ...args], {
		encoding: "utf8",
		timeout: PATIENCE_MS,
		killSignal: "SIGKILL",
	});

const shapeOf = (name: string): string => join("firmware/boards", name, "board.json");
const boards = readdirSync("firmware/boards").filter((name) => existsSync(shapeOf(name)));

describe("npm run firmware: a call that makes no sense is refused by name, with the boards that there are", () => {
	test.each([
		[[], /--board says which board the firmware is for/],
		[
			["--board", "nope"],
			/no board "nope"; there are: esp32c3, mps2-an386, mps2-an505, netduino2, nrf52840-dk, riscv-virt, stm32f405/,
		],
		[["--board", "toString"], /no board "toString"; there are:/],
		[["--board", "__proto__"], /no board "__proto__"; there are:/],
		[["--board", "common"], /no board "common"; there are:/],
		[["--board", ""], /no board ""; there are:/],
		[["--board", "../boards/stm32f405"], /no board "\.\.\/boards\/stm32f405"; there are:/],
		[["--board"], /--board <value>' argument missing/],
		[["--board", "stm32f405", "--variant", "nope"], /stm32f405 has no variant "nope"; it has: board, qemu/],
		[["--board", "mps2-an505", "--variant", "board"], /mps2-an505 has no variant "board"; it has: qemu/],
		[["--board", "stm32f405", "--model", "toString"], /stm32f405 has no model "toString"; it has: netduinoplus2, /],
		[["--board", "mps2-an505", "--model", "other"], /mps2-an505 has no model "other"; it has: none/],
		...["0", "-1", "9600.5", "fast", ""].map((baud): [string[], RegExp] => [
			["--board", "stm32f405", `--baud=${baud}`],
			/the UART of stm32f405 takes 1282 to 5250000 baud, and not /,
		]),
		[
			["--board", "stm32f405", "--keep-size", "--baud", "9600"],
			/--keep-size takes over the size of the firmware as it is/,
		],
		[["--board", "stm32f405"], /whose updates shall this board take\? --update-key FILE names the factory's key/],
		[["--board", "nrf52840-dk", "--variant", "board"], /--dev takes the one that everybody has/],
		[["--board", "stm32f405", "--dev", "--update-key", "some.pem"], /--dev and --update-key are two keys; take one/],
		[["--board", "stm32f405", "--update-key", "package.json"], /package.json is no private key .*To make one: openssl/],
		[["--board", "stm32f405", "--frob"], /Unknown option '--frob'/],
		[["stm32f405"], /Unexpected argument 'stm32f405'/],
		[["--board", "stm32f405", "--json=yes"], /--json' does not take an argument/],
	] as [string[], RegExp][])("%j", (args, words) => {
		const { status, signal, stdout, stderr } = call(...args);
		expect({ status, signal, stdout }).toEqual({ status: 2, signal: null, stdout: "" });
		expect(stderr).toMatch(words);
		expect(stderr).toMatch(/^firmware: /);
		expect(stderr).not.toMatch(/^\s+at |set-up/m);
		for (const board of boards) expect(stderr).toMatch(new RegExp(`^  ${board} +variants: `, "m"));
	});

	test("--help says the same on standard output, with code 0", () => {
		const { status, stdout, stderr } = call("--help");
		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
		for (const board of boards) expect(stdout).toContain(board);
	});
});

describe("a board in QEMU that there is not", () => {
	const inQemu = boards.filter((name) => "qemu" in JSON.parse(readFileSync(shapeOf(name), "utf8")));
	const folder = mkdtempSync(join(tmpdir(), "no-board-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	const there = inQemu.join(", ");

	test.each([
		...["nope", "toString", "common", "mps2", "../boards/stm32f405", ""].map((board) => [
			board,
			`no board "${board}"; there are: ${there}`,
		]),
		["nrf52840-dk", `QEMU has no machine for the board "nrf52840-dk"; it has one for: ${there}`],
	] as [string, string][])("tre emulate --board %j lists those that there are", (board, words) => {
		const cli = resolve("build/js/host/cli/main.js");
		const args = [cli, "emulate", "--board", board, "--state", join(folder, "state")];
		const { status, stdout, stderr } = spawnSync(process.execPath, args, {
			encoding: "utf8",
			timeout: PATIENCE_MS,
			killSignal: "SIGKILL",
		});
		expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
		expect(stderr).toBe(`tre emulate: ${words}\n`);
	});
});
