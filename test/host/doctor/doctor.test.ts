import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Examination } from "../../../host/doctor/examine.ts";
import { type Device as Answered, type Finding, nextCommand } from "../../../host/doctor/finding.ts";
import { udevRules } from "../../../host/doctor/ports.ts";
import { Device } from "../../support/device.ts";

const folder = mkdtempSync(join(tmpdir(), "doctor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

function doctor(words: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Told> {
	const child = spawn(process.execPath, [resolve("build/js/host/cli/main.js"), "doctor", ...words], { env });
	const said = { stdout: "", stderr: "" };
	for (const stream of ["stdout", "stderr"] as const)
		child[stream].setEncoding("utf8").on("data", (text: string) => {
			said[stream] += text;
		});
	return new Promise((done) => child.once("close", (code) => done({ code, ...said })));
}

async function examined(
	words: readonly string[],
	env?: NodeJS.ProcessEnv,
): Promise<Examination & { code: number | null }> {
	const { code, stdout } = await doctor([...words, "--json"], env);
	return { ...(JSON.parse(stdout) as Examination), code };
}

const about = (findings: readonly Finding[], what: Finding["about"]): readonly Finding[] =>
	findings.filter((finding) => finding.about === what);

describe("tre doctor", () => {
	test("says which tools are there, in which version", async () => {
		const { findings, code } = await examined([]);
		expect(about(findings, "tool")).toMatchObject([
			{ name: "openocd", standing: "ok", says: expect.stringMatching(/^version \d+\.\d+$/) },
			{ name: "dfu-util", standing: "ok" },
			{ name: "gdb-multiarch", standing: "ok" },
		]);
		expect(code).toBe(0);
	});

	test("where a tool is not there, the line that installs it is what to type next", async () => {
		// A path on which only Node is: the tools are not.
		const bin = join(folder, "bin");
		mkdirSync(bin);
		symlinkSync(process.execPath, join(bin, "node"));
		const { findings, next } = await examined([], { ...process.env, PATH: bin });
		expect(about(findings, "tool").every(({ says }) => says === "is not there")).toBe(true);
		expect(next).toBe("sudo apt-get install --no-install-recommends openocd");
	});

	test("the udev rule names each probe and loader, for the group and for who sits there", () => {
		for (const line of udevRules.split("\n"))
			expect(line).toMatch(
				/^SUBSYSTEM=="usb", ATTRS\{idVendor\}=="[0-9a-f]{4}", ATTRS\{idProduct\}=="[0-9a-f]{4}", MODE="0660"/,
			);
		expect(udevRules).toContain('ATTRS{idProduct}=="df11"');
	});
});

describe("tre doctor PORT", () => {
	const device = new Device("emulator");
	beforeAll(() => device.start());
	afterAll(() => device.dispose());

	test("says what the TRE is, its firmware against the host's, and what comes next", async () => {
		const { findings, device: found, next, code } = await examined([device.port]);
		expect(code).toBe(0);
		expect(found).toEqual({ port: device.port, target: "emulator", version: "0.1.0", state: "blank" });
		expect(about(findings, "firmware")).toMatchObject([{ standing: "ok", says: "version 0.1.0, that of this host" }]);
		expect(next).toBe(`npm run -s hil -- factory ${device.port}`);
	});

	test("for people: a line each, and the next command last", async () => {
		const { stdout, stderr } = await doctor([device.port]);
		expect(stderr).toBe("");
		expect(stdout).toMatch(/^ok {2}tool {8}openocd: version /m);
		expect(stdout).toContain(`ok  board       ${device.port}: a TRE on emulator, blank\n`);
		expect(stdout.trimEnd().split("\n").at(-1)).toBe(`Next: npm run -s hil -- factory ${device.port}`);
	});

	test("names the process that has the port, and does not disturb it", async () => {
		const tre = await device.open();
		try {
			const { findings, code } = await examined([device.port]);
			expect(about(findings, "lock")).toMatchObject([
				{ standing: "wrong", says: expect.stringMatching(new RegExp(`^is in use by process ${process.pid} `)) },
			]);
			expect(about(findings, "board")).toEqual([]);
			expect(code).toBe(1);
			await tre.status();
		} finally {
			await tre.close();
		}
	});

	test.each([
		["a port that is not there", () => join(folder, "none"), "is not there"],
		[
			"a file",
			() => {
				const path = join(folder, "file");
				writeFileSync(path, "");
				return path;
			},
			"is no serial device",
		],
	])("%s", async (_, portOf, says) => {
		const { findings, code, next } = await examined([portOf()]);
		expect(code).toBe(1);
		const [port] = findings.filter(({ standing }) => standing === "wrong");
		expect(port).toMatchObject({ about: "port", says });
		expect(next).toBe(port?.advice);
	});

	test("a port behind which nobody answers: wires, rate, or a firmware", async () => {
		const { findings, code } = await examined(["tcp://127.0.0.1:9"]);
		expect(code).toBe(1);
		expect(about(findings, "board")).toMatchObject([
			{ standing: "wrong", says: expect.stringContaining("nothing listens on 127.0.0.1:9") },
		]);
	});
});

describe("what to type next", () => {
	const answered: Answered = { port: "/dev/ttyUSB0", target: "stm32f405", version: "1.0.0", state: "idle" };
	const finding = (changes: Partial<Finding>): Finding => ({
		...{ about: "port", name: "/dev/ttyUSB0", standing: "ok", says: "is a serial device" },
		...changes,
	});

	test.each([
		["nothing is there", [], undefined, [], "npm run -s tre -- emulate --link ./tre0"],
		["a port is there", [], undefined, ["/dev/ttyUSB0"], "npm run -s tre -- doctor /dev/ttyUSB0"],
		["a device in use", [finding({})], answered, [], "npm run -s tre -- info /dev/ttyUSB0"],
		["a device without keys", [], { ...answered, state: "blank" }, [], "npm run -s hil -- factory /dev/ttyUSB0"],
		[
			"an older firmware",
			[finding({ about: "firmware", standing: "wanting", advice: "npm run -s tre -- flash /dev/ttyUSB0" })],
			answered,
			[],
			"npm run -s tre -- flash /dev/ttyUSB0",
		],
		[
			"no permission",
			[finding({ about: "permission", standing: "wrong", advice: "sudo usermod" })],
			undefined,
			[],
			"sudo usermod",
		],
		[
			"a tool that is not there, and a device that needs none",
			[finding({ about: "tool", standing: "wanting", advice: "sudo apt-get" })],
			answered,
			[],
			"npm run -s tre -- info /dev/ttyUSB0",
		],
	] as const)("%s", (_, findings, device, ports, next) => {
		expect(nextCommand(findings, device, ports)).toBe(next);
	});
});
