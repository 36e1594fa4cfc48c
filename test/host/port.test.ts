import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { lockPort, PortInUse } from "../../host/link/lock.ts";
import { Device } from "../support/device.ts";

const run = promisify(execFile);
const tre = (...args: string[]) => run(process.execPath, [resolve("build/js/host/cli/main.js"), ...args]);

describe("one program at a time has a serial port", () => {
	const device = new Device();
	beforeAll(() => device.start());
	afterAll(() => device.dispose());

	const lockOf = (port: string): string =>
		join("/run/lock", `LCK..${realpathSync(port).replace("/dev/", "").replaceAll("/", "_")}`);

	test("a second one is told who has it, and gets it when that has gone", async () => {
		const first = await device.open();
		expect(existsSync(lockOf(device.port))).toBe(true);
		await expect(tre("info", device.port)).rejects.toThrow(
			new RegExp(`is in use by process ${process.pid} \\(.*node.*\\); stop that, or name another port`),
		);
		await expect(device.open()).rejects.toThrow(/is in use by this process/);
		await first.close();
		expect(existsSync(lockOf(device.port))).toBe(false);
		expect((await tre("info", device.port)).stdout).toContain("emulator");
	});

	test("a lock that a killed program left does not count; one that nobody can read does not either", async () => {
		const child = spawn("true");
		await new Promise((done) => child.once("close", done));
		for (const content of [`${String(child.pid).padStart(10)}\n`, "", "no number\n"]) {
			writeFileSync(lockOf(device.port), content);
			const lock = lockPort(device.port);
			expect(() => lockPort(device.port)).toThrow(PortInUse);
			lock.release();
		}
	});

	test("a device whose mode is changed stays its owner's; one of the same name that came later is another one", async () => {
		const first = await device.open();
		chmodSync(realpathSync(device.port), 0o622);
		expect(() => lockPort(device.port)).toThrow(/in use by this process/);
		await expect(tre("info", device.port)).rejects.toThrow(/is in use by process/);
		await first.close();
		// Of a process that runs, and has another device open.
		writeFileSync(lockOf(device.port), `${String(process.ppid).padStart(10)}\n1\n`);
		lockPort(device.port).release();
	});

	test("nothing is left in the folder of locks", () => {
		const ours = readdirSync("/run/lock").filter((name) => name === lockOf(device.port).replace("/run/lock/", ""));
		expect(ours).toEqual([]);
	});

	test("tre link counts what the line loses: nothing", async () => {
		const counted = JSON.parse((await tre("link", device.port, "--json")).stdout);
		expect(counted).toMatchObject({ damaged: 0, repeated: 0, timeouts: 0 });
		expect(counted.sent).toBe(counted.received);
		expect(counted.octetsReceived).toBeGreaterThan(counted.received);
		expect((await tre("link", device.port)).stdout).toMatch(/round trips {7}50: [\d.]+ ms at least/);
	});
});

describe("tre attach waits for its TRE, says for what, and never exits", () => {
	const folder = mkdtempSync(join(tmpdir(), "attach-"));
	let device: Device | undefined;
	let child: ChildProcess | undefined;
	afterEach(async () => {
		const ended = child && new Promise((done) => child?.once("close", done));
		child?.kill("SIGTERM");
		await ended;
		await device?.dispose();
	});
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	test("the port is not there, comes, goes, and comes again", async () => {
		device = new Device();
		const port = join(device.folder, "tty");
		const args = ["attach", port, "--radio", "127.0.0.1:9", "--state", join(folder, "state")];
		child = spawn(process.execPath, [resolve("build/js/host/cli/main.js"), ...args], {
			stdio: ["ignore", "pipe", "inherit"],
		});
		const said: string[] = [];
		const waiting: (() => void)[] = [];
		createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
			said.push((JSON.parse(line) as { what?: string }).what ?? "");
			for (const look of waiting.splice(0)) look();
		});
		const until = async (pattern: RegExp): Promise<void> => {
			said.length = 0;
			while (!said.some((line) => pattern.test(line))) await new Promise<void>((done) => waiting.push(done));
		};
		await until(/tty is not there;.*next try in \d+ ms/);
		await device.start();
		// The TRE is found; what is missing now is a network.
		await until(/ECONNREFUSED/);
		await device.kill();
		rmSync(port);
		await until(/tty is not there;.*next try in \d+ ms/);
		await device.start();
		await until(/ECONNREFUSED/);
		expect(child.exitCode).toBe(null);
	});
});
