import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	realpathSync,
	rmSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { FileLock, Locked } from "../../firmware/local/file-lock.ts";
import { commandLineOf, processOf } from "../../firmware/local/process.ts";
import { deviceOf, holderOfPort, lockPort, PortInUse } from "../../host/link/lock.ts";
import { Device } from "../support/device.ts";

/** How to end what a test has started. */
const ends: (() => Promise<unknown>)[] = [];
const MINUTES = 60;
const SECOND_MS = 1000;

/** A process that runs until the test is over. */
function living(script: string, ...args: string[]): ChildProcess {
	const child = spawn("sh", ["-c", script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
	const closed = new Promise((done) => child.once("close", done));
	ends.push(() => {
		child.kill("SIGKILL");
		return closed;
	});
	return child;
}

/** One that has become `sleep`, so that its command line says so. */
async function sleeper(): Promise<number> {
	const { pid = 0 } = living("exec sleep 1000");
	while (!commandLineOf(pid).startsWith("sleep")) await sleep(10);
	return pid;
}

/** A process that has ended, and whose parent never asks how: the shell that started it is another program by then. */
async function zombie(): Promise<number> {
	const parent = living("sleep 0.1 & echo $!; exec sleep 1000");
	const [pid] = await new Promise<number[]>((done) =>
		createInterface({ input: parent.stdout as NodeJS.ReadableStream }).once("line", (line) => done([Number(line)])),
	);
	const isZombie = () => /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
	while (!isZombie()) await sleep(10);
	return pid as number;
}

const written = (pid: number, mark = "", birth = ""): string => `${String(pid).padStart(10)}\n${mark}\n${birth}\n`;
const birthOf = (pid: number): string => processOf(pid)?.birth ?? "";

afterEach(async () => {
	await Promise.all(ends.splice(0).map((end) => end()));
});

describe("a lock file", () => {
	const folder = mkdtempSync(join(tmpdir(), "lock-"));
	const path = join(folder, "lock");
	const options = { what: "the thing", advice: "take another one", mark: "this one" };
	const take = (more: object = {}): FileLock => FileLock.take(path, { ...options, ...more });
	afterAll(() => rmSync(folder, { recursive: true, force: true }));
	afterEach(() => rmSync(path, { force: true }));

	/** Whoever takes it has it afterwards, and nothing but it is there. */
	function expectTaken(): void {
		const lock = take();
		expect(readFileSync(path, "latin1")).toBe(written(process.pid, options.mark, birthOf(process.pid)));
		expect(readdirSync(folder)).toEqual(["lock"]);
		lock.release();
		expect(readdirSync(folder)).toEqual([]);
	}

	function expectRefused(owner: number): void {
		const before = readFileSync(path, "latin1");
		expect(() => take()).toThrow(Locked);
		expect(() => take()).toThrow(new RegExp(`^the thing is in use by process ${owner} \\(.+\\); take another one$`));
		expect(readFileSync(path, "latin1")).toBe(before);
		expect(readdirSync(folder)).toEqual(["lock"]);
	}

	test("of a process that runs counts until it ends, and its owner is named", async () => {
		const pid = await sleeper();
		writeFileSync(path, written(pid, options.mark, birthOf(pid)));
		expectRefused(pid);
		expect(() => take()).toThrow(`process ${pid} (sleep 1000)`);
		process.kill(pid, "SIGKILL");
		while (processOf(pid)) await sleep(10);
		expectTaken();
	});

	test("of this process counts while it is held, and not when it stands there from an earlier life", () => {
		const lock = take();
		expect(() => take()).toThrow("the thing is in use by this process; take another one");
		lock.release();
		writeFileSync(path, written(process.pid, options.mark, birthOf(process.pid)));
		expectTaken();
	});

	test("of a zombie does not count, whatever its file says of it", async () => {
		const pid = await zombie();
		expect(processOf(pid)).toBeUndefined();
		for (const content of [written(pid, options.mark, "1.1"), written(pid, options.mark), `${pid}\n`]) {
			writeFileSync(path, content);
			expectTaken();
		}
	});

	test("of a process whose number another one has now does not count", async () => {
		const pid = await sleeper();
		writeFileSync(path, written(pid, options.mark, `${birthOf(pid)}1`));
		expectTaken();
	});

	test("of another program, which does not say when its owner began: it counts unless that was later", async () => {
		const pid = await sleeper();
		writeFileSync(path, `${String(pid).padStart(10)}\n`);
		expectRefused(pid);
		const longAgo = Date.now() / SECOND_MS - 10 * MINUTES;
		utimesSync(path, longAgo, longAgo);
		expectTaken();
	});

	test("of another thing of that name does not count, unless its owner has this one, too", async () => {
		const pid = await sleeper();
		writeFileSync(path, written(pid, "another one", birthOf(pid)));
		expect(() => take({ has: () => true })).toThrow(Locked);
		expect(() => take({ has: () => undefined })).toThrow(Locked);
		take({ has: () => false }).release();
		writeFileSync(path, written(pid, "another one", birthOf(pid)));
		expectTaken();
	});

	test("that nobody can read does not count", () => {
		for (const content of ["", "\n\n\n", "no number\n", "0\n", "-1\n", "999999999999999999999\n"]) {
			writeFileSync(path, content);
			expectTaken();
		}
	});

	test("that somebody else has taken since is not released", async () => {
		const lock = take();
		const other = written(await sleeper(), options.mark);
		writeFileSync(path, other);
		lock.release();
		expect(readFileSync(path, "latin1")).toBe(other);
	});

	test("that is being cleared away by one that died there is cleared away all the same", async () => {
		const pid = await zombie();
		writeFileSync(path, written(pid, options.mark));
		writeFileSync(`${path}.turn`, written(pid, options.mark));
		expectTaken();
	});
});

describe("the lock of a serial port", () => {
	const device = new Device();
	beforeAll(() => device.start());
	afterAll(() => device.dispose());

	const terminal = (): string => realpathSync(device.port);
	const lockFile = (): string => join("/run/lock", `LCK..${terminal().replace("/dev/", "").replaceAll("/", "_")}`);
	afterEach(() => rmSync(lockFile(), { force: true }));

	/** Of another serial program, as UUCP wrote them. */
	const leave = (pid: number): void => writeFileSync(lockFile(), `${String(pid).padStart(10)}\n`);

	test("another program that runs keeps it, and is named; once it has gone the port is free", async () => {
		const { pid = 0 } = living('exec sleep 1000 < "$0"', terminal());
		while (!commandLineOf(pid).startsWith("sleep")) await sleep(10);
		leave(pid);
		expect(() => lockPort(device.port)).toThrow(PortInUse);
		expect(() => lockPort(device.port)).toThrow(
			`${device.port} is in use by process ${pid} (sleep 1000); stop that, or name another port`,
		);
		const cli = spawnSync(process.execPath, [resolve("build/js/host/cli/main.js"), "info", device.port]);
		expect(cli.status).toBe(1);
		expect(cli.stderr.toString()).toContain(`is in use by process ${pid} (sleep 1000)`);
		process.kill(pid, "SIGKILL");
		while (processOf(pid)) await sleep(10);
		lockPort(device.port).release();
	});

	test("a zombie does not keep it", async () => {
		leave(await zombie());
		const tre = await device.open();
		expect((await tre.call("info", {})).target).toBe("emulator");
		await tre.close();
	});

	test("a process that was given its owner's number does not keep it", async () => {
		const pid = await sleeper();
		const lock = lockPort(device.port);
		const mark = readFileSync(lockFile(), "latin1").split("\n")[1];
		lock.release();
		writeFileSync(lockFile(), written(pid, mark, birthOf(pid)));
		expect(() => lockPort(device.port)).toThrow(PortInUse);
		writeFileSync(lockFile(), written(pid, mark, `${birthOf(pid)}1`));
		lockPort(device.port).release();
	});
});

test("a link to a device that comes and goes while it is looked at is no error: an emulator restarts, a cable is pulled", async () => {
	const folder = mkdtempSync(join(tmpdir(), "links-"));
	const link = join(folder, "tty");
	const script =
		'const fs = require("fs"); for (;;) { fs.symlinkSync("/dev/null", process.argv[1]); fs.unlinkSync(process.argv[1]); }';
	const flickering = spawn(process.execPath, ["-e", script, link], { stdio: "ignore" });
	try {
		while (!existsSync(link)) await sleep(1);
		const seen = new Set<string>();
		for (let n = 0; n < 200_000 && seen.size < 2; n++) seen.add(deviceOf(link));
		for (let n = 0; n < 2_000; n++) holderOfPort(link);
		expect([...seen].sort()).toEqual(["/dev/null", link].sort());
	} finally {
		flickering.kill("SIGKILL");
		rmSync(folder, { recursive: true, force: true });
	}
});
