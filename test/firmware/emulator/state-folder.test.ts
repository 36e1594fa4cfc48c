import { spawn } from "node:child_process";
import {
	chmodSync,
	closeSync,
	constants,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	truncateSync,
	write,
	writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, afterEach, describe, expect, inject, test } from "vitest";
import { wire } from "../../../firmware/contract/commands.ts";
import { Deframer, encodeFrame } from "../../../host/link/frame.ts";
import { TreClient } from "../../../host/tre/client.ts";
import { encodeRequest } from "../../../host/tre/codec.ts";
import { EmulatorRun } from "../../support/emulator-run.ts";

const home = mkdtempSync(join(tmpdir(), "state-folder-"));
const runs: EmulatorRun[] = [];
let made = 0;

afterEach(async () => {
	await Promise.all(runs.splice(0).map((run) => run.end("SIGKILL")));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const path = (): string => join(home, String(made++));

function start(folder: string, ...more: string[]): EmulatorRun {
	const run = EmulatorRun.on(folder, ...more);
	runs.push(run);
	return run;
}

/** A folder of a device that has been used: its keys are in its flash. */
function used(): string {
	const folder = path();
	cpSync(inject("keyedDevice"), folder, { recursive: true });
	return folder;
}

async function expectStarts(run: EmulatorRun): Promise<string> {
	const port = await run.port;
	expect(port, run.said).toBeDefined();
	return port as string;
}

/** It ends by itself, with one line that names the fault, and leaves no lock. */
async function expectRefused(run: EmulatorRun, folder: string, why: RegExp): Promise<void> {
	expect(await run.port).toBeUndefined();
	expect(await run.ended).toBe(1);
	expect(run.said).toMatch(why);
	expect(run.said.trim().split("\n")).toHaveLength(1);
	if (existsSync(folder)) expect(readdirSync(folder).filter((name) => /lock|LTMP/.test(name))).toEqual([]);
}

describe("a device root key that is not there, or not whole, is refused by name and never made anew", () => {
	test.each([
		["missing", (key: string) => rmSync(key), /root\.key is gone, .*bring it back from a copy, or name another folder/],
		["empty", (key: string) => truncateSync(key, 0), /root\.key is gone, .*bring it back from a copy/],
		["cut off", (key: string) => truncateSync(key, 16), /root\.key has 16 octets in place of 32, .*from a copy/],
		["too long", (key: string) => truncateSync(key, 33), /root\.key has 33 octets in place of 32, .*from a copy/],
	])("%s", async (_, spoil, why) => {
		const folder = used();
		const [key, flash] = [join(folder, "root.key"), join(folder, "flash.bin")];
		spoil(key);
		const before = [existsSync(key) && readFileSync(key, "hex"), readFileSync(flash, "hex")];
		await expectRefused(start(folder), folder, why);
		expect([existsSync(key) && readFileSync(key, "hex"), readFileSync(flash, "hex")]).toEqual(before);
	});

	test("a first start that was broken off before anything was programmed is made good", async () => {
		const folder = path();
		mkdirSync(folder);
		writeFileSync(
			join(folder, "flash.bin"),
			Buffer.alloc(statSync(join(inject("keyedDevice"), "flash.bin")).size, 0xff),
		);
		await expectStarts(start(folder));
		expect(statSync(join(folder, "root.key"))).toMatchObject({ size: 32, mode: 0o100600 });
	});
});

describe("a flash that is not what the device left is refused by name, and stays as it is", () => {
	const size = statSync(join(inject("keyedDevice"), "flash.bin")).size;
	test.each([
		["cut off", size - 1, /flash\.bin has \d+ octets in place of \d+, as if it had been cut off: bring it back/],
		["empty", 0, /flash\.bin has 0 octets in place of \d+, as if it had been cut off: bring it back/],
		["too long", size + 1, /flash\.bin has \d+ octets in place of \d+: bring it back from a copy/],
	])("%s", async (_, length, why) => {
		const folder = used();
		const flash = join(folder, "flash.bin");
		truncateSync(flash, length);
		const before = readFileSync(flash, "hex");
		await expectRefused(start(folder), folder, why);
		expect(readFileSync(flash, "hex")).toBe(before);
	});

	test("gone", async () => {
		const folder = used();
		rmSync(join(folder, "flash.bin"));
		await expectRefused(
			start(folder),
			folder,
			/flash\.bin is gone, and this device had one: bring it back from a copy/,
		);
		expect(existsSync(join(folder, "flash.bin"))).toBe(false);
	});
});

describe("the mode of a folder", () => {
	const modeOf = (folder: string): number => statSync(folder).mode & 0o777;

	test.each(["700", "750", "755"])("that is there stays %s, by way of a link, too", async (text) => {
		const mode = Number.parseInt(text, 8);
		const [folder, link] = [path(), path()];
		mkdirSync(folder);
		chmodSync(folder, mode);
		symlinkSync(folder, link);
		for (const name of [folder, link]) {
			const run = start(name);
			await expectStarts(run);
			expect(modeOf(folder)).toBe(mode);
			expect(await run.end()).toBe(0);
			expect(modeOf(folder)).toBe(mode);
		}
	});

	test("a new one is its owner's alone; one that anybody may write into is refused, and not changed", async () => {
		const folder = join(path(), "in", "it");
		await expectStarts(start(folder));
		expect(modeOf(folder)).toBe(0o700);
		const open = path();
		mkdirSync(open);
		chmodSync(open, 0o777);
		await expectRefused(start(open), open, /anybody may write into .*name another folder/);
		expect(modeOf(open)).toBe(0o777);
	});
});

describe("a start that fails leaves no lock behind, and the next one works", () => {
	test("a link into a folder that is not there", async () => {
		const folder = path();
		await expectRefused(start(folder, "--link", "/nonexistent/x"), folder, /no folder \/nonexistent for the link/);
		await expectStarts(start(folder));
	});

	test("a link in the place of a file, which stays", async () => {
		const folder = path();
		const file = path();
		writeFileSync(file, "mine");
		await expectRefused(start(folder, "--link", file), folder, /is there already; name another path for the link/);
		expect(readFileSync(file, "utf8")).toBe("mine");
		await expectStarts(start(folder, "--link", path()));
	});

	test("a port that is none, and one that another program has", async () => {
		const folder = path();
		const wrong = start(folder, "--tcp", "99999");
		expect(await wrong.ended).toBe(2);
		expect(existsSync(folder)).toBe(false);
		const other = createServer().listen(0, "127.0.0.1");
		await new Promise((done) => other.once("listening", done));
		const { port } = other.address() as { port: number };
		await expectRefused(start(folder, "--tcp", String(port)), folder, /127\.0\.0\.1:\d+ is in use by another program/);
		other.close();
		await expectStarts(start(folder, "--tcp", "0"));
	});

	test("a board that is none", async () => {
		const folder = path();
		await expectRefused(start(folder, "--board", "none"), folder, /no board "?none"?/);
		await expectStarts(start(folder));
	});
});

describe("one emulator at a time has a folder", () => {
	const lockOf = (folder: string): string => join(folder, "lock");
	const markOf = (folder: string): string => `${statSync(folder).dev}:${statSync(folder).ino}`;

	async function expectOneOf(folder: string): Promise<EmulatorRun> {
		const starts = Array.from({ length: 8 }, () => start(folder));
		const ports = await Promise.all(starts.map(({ port }) => port));
		expect(ports.filter(Boolean)).toHaveLength(1);
		const winner = starts[ports.findIndex(Boolean)] as EmulatorRun;
		for (const loser of starts.filter((one) => one !== winner)) {
			expect(await loser.ended).toBe(1);
			expect(loser.said).toContain(`is in use by process ${winner.child.pid} (`);
			expect(loser.said).toContain("stop that emulator, or name another folder");
		}
		expect(readFileSync(lockOf(folder), "utf8")).toMatch(new RegExp(`^ *${winner.child.pid}\n`));
		expect(readdirSync(folder).filter((name) => /LTMP|turn/.test(name))).toEqual([]);
		return winner;
	}

	test("of eight that race for a new folder, and of eight for what a killed one left", async () => {
		const folder = path();
		const first = await expectOneOf(folder);
		await first.end("SIGKILL");
		expect(existsSync(lockOf(folder))).toBe(true);
		const second = await expectOneOf(folder);
		expect(await second.end()).toBe(0);
		expect(existsSync(lockOf(folder))).toBe(false);
	});

	test("a lock that a killed one left refuses nobody", async () => {
		const folder = path();
		const killed = start(folder);
		await expectStarts(killed);
		await killed.end("SIGKILL");
		expect(existsSync(lockOf(folder))).toBe(true);
		await expectStarts(start(folder));
	});

	test("a lock whose number another process has now refuses nobody", async () => {
		const folder = path();
		mkdirSync(folder);
		const other = spawn("sleep", ["1000"]);
		try {
			writeFileSync(lockOf(folder), `${String(other.pid).padStart(10)}\n${markOf(folder)}\n1.1\n`);
			await expectStarts(start(folder));
		} finally {
			other.kill("SIGKILL");
		}
	});

	test("a lock with its own number, of an earlier life of its container, refuses nobody", async () => {
		const folder = path();
		mkdirSync(folder);
		// Under the number that the emulator has a moment later, and without a birth that would tell them apart.
		const script = `printf '%10d\\n%s\\n\\n' $$ ${markOf(folder)} > "$2/lock"`;
		const run = EmulatorRun.after(script, folder);
		runs.push(run);
		await expectStarts(run);
		expect(readFileSync(lockOf(folder), "utf8")).toMatch(new RegExp(`^ *${run.child.pid}\n.*\n\\d+\\.\\d+\n$`));
		expect(await run.end()).toBe(0);
		expect(existsSync(lockOf(folder))).toBe(false);
	});

	test("a copy of a folder in use is another device's, and starts", async () => {
		const [folder, copy] = [used(), path()];
		await expectStarts(start(folder));
		cpSync(folder, copy, { recursive: true });
		expect(existsSync(lockOf(copy))).toBe(true);
		await expectStarts(start(copy));
		const other = start(folder);
		expect(await other.ended).toBe(1);
		expect(other.said).toMatch(/is in use by process/);
	});
});

describe("what a host does not read is lost, and costs no memory", () => {
	const MIB = 1024 * 1024;
	/** A fraction of what an emulator would have in memory at the end that kept each answer. */
	const MOST = 100 * MIB;
	/** Numbers of the requests. */
	const [FIRST, ASKED, LAST] = [1, 2, 3] as const;

	/** The most that it ever had. */
	const peakOf = ({ child }: EmulatorRun): number =>
		Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) * 1024;
	/** Octets on their way to a TCP port of this machine: sent and not taken, or taken by the system and not read. */
	function underWay(port: number): number {
		const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
		const lines = readFileSync("/proc/net/tcp", "latin1").split("\n").slice(1);
		const counts = lines.map((line): number => {
			const [, local = "", remote = "", , queues = ""] = line.trim().split(/\s+/);
			const [sent = 0, received = 0] = queues.split(":").map((count) => Number.parseInt(count, 16));
			if (local.endsWith(end) && !remote.endsWith(":0000")) return received;
			return remote.endsWith(end) ? sent : 0;
		});
		return counts.reduce((sum, count) => sum + count, 0);
	}
	const frameOf = (id: number, octets: Uint8Array): Uint8Array =>
		encodeFrame({ kind: wire.kinds.request, id, segment: 0, segments: 1, octets });
	const { maxSegment, maxMessage } = wire;
	const hello = (id: number) =>
		frameOf(id, encodeRequest("hello", { minVersion: 1, maxVersion: 1, maxSegment, maxMessage }));
	// Executed once; the answer, which is a long one, comes as often as it is asked for under the same number.
	const request = frameOf(ASKED, encodeRequest("certificateRequest", { usage: 1 }));
	const thousand = Buffer.concat(Array.from({ length: 1000 }, () => request));

	test("over TCP", async () => {
		const run = start(used(), "--tcp", "0");
		const port = await expectStarts(run);
		const before = peakOf(run);
		const number = Number(port.split(":").at(-1));
		const socket = connect(number, "127.0.0.1").pause();
		const say = (octets: Uint8Array) => new Promise<void>((done) => socket.write(octets, () => done()));
		await say(hello(FIRST));
		for (let n = 0; n < 250; n++) await say(thousand);
		while (underWay(number) > 0) await sleep(50);
		expect(peakOf(run) - before).toBeLessThan(MOST);
		// It goes on, and answers when it is read.
		const answers = new Deframer();
		let answered = false;
		socket.on("data", (octets) => {
			answered ||= answers.push(octets).some(({ kind, id }) => kind === wire.kinds.response && id === LAST);
		});
		socket.resume();
		while (!answered) await Promise.all([say(hello(LAST)), sleep(50)]);
		expect(peakOf(run) - before).toBeLessThan(MOST);
		socket.destroy();
	});

	test("over a pseudo-terminal", async () => {
		const run = start(used());
		const port = await expectStarts(run);
		const before = peakOf(run);
		const line = openSync(port, constants.O_RDWR | constants.O_NOCTTY);
		const put = promisify(write);
		for (const octets of [hello(FIRST), ...Array.from({ length: 250 }, () => thousand)])
			for (let at = 0; at < octets.length; ) at += (await put(line, octets, at, octets.length - at, null)).bytesWritten;
		closeSync(line);
		expect(peakOf(run) - before).toBeLessThan(MOST);
		const tre = await TreClient.open(port);
		expect((await tre.call("info", {})).treId).not.toBe("");
		await tre.close();
	});
});
