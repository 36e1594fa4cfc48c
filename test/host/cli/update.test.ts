import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signedImage } from "../../../firmware/build/bundle.mjs";
import { encodeBundle } from "../../../firmware/contract/bundle.ts";
import { image as layout } from "../../../firmware/contract/image.ts";
import { decodeBundle } from "../../../host/flash/bundle.ts";
import { Device } from "../../support/device.ts";
import { developmentKey } from "../../support/updatable-device.ts";

const cli = resolve("build/js/host/cli/main.js");
const run = promisify(execFile);

async function tre(
	...args: string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
	try {
		return { code: 0, ...(await run(process.execPath, [cli, ...args])) };
	} catch (error) {
		const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
		return { code, stdout, stderr };
	}
}

describe("tre update on an emulated TRE, as a stranger would try it", () => {
	const folder = mkdtempSync(join(tmpdir(), "update-"));
	const device = new Device("emulator");
	const built = readFileSync("build/emulator.bundle");
	const image = Buffer.from(decodeBundle(built).slots[0]?.octets ?? []).subarray(layout.HEADER_SIZE);

	/** The firmware that is built here, as another version. */
	async function bundle(version: string, securityCounter: number, content: Uint8Array = image): Promise<string> {
		const release = { board: "emulator", image: content, version, securityCounter };
		const slots = await Promise.all(
			[0, 1].map((address) => signedImage(resolve("."), { ...release, address }, developmentKey)),
		);
		const file = join(folder, `${version}.bundle`);
		writeFileSync(file, encodeBundle({ board: "emulator", bootStage: new Uint8Array(0), slots }));
		return file;
	}

	beforeAll(() => device.start());
	afterAll(async () => {
		await device.dispose();
		rmSync(folder, { recursive: true, force: true });
	});

	test("what a TRE says of its version is what the header of its firmware says, and the package", async () => {
		const { version } = JSON.parse(readFileSync("package.json", "utf8"));
		expect(decodeBundle(built).slots[0]?.header.version).toBe(version);
		expect(JSON.parse((await tre("info", device.port, "--json")).stdout)).toMatchObject({ version });
	});

	test("says how far it is, how fast, and what runs then; tre firmware and tre log tell the same", async () => {
		const { code, stdout, stderr } = await tre("update", device.port, await bundle("3.2.1", 2));
		expect({ code, stdout }).toMatchObject({
			code: 0,
			stdout: expect.stringMatching(/^0\.1\.0 → 3\.2\.1 in slot B, confirmed; /),
		});
		expect(stderr).toMatch(/^the TRE checks the signature, and clears a slot$/m);
		expect(stderr).toMatch(/^writing slot B: (\d+) of \1 octets, \d+ octets\/s$/m);
		expect((await tre("firmware", device.port)).stdout).toMatch(/^version +3\.2\.1 \(confirmed\)\nslot +B\n/);
		expect((await tre("log", device.port)).stdout).toMatch(
			/update-received +firmware [0-9a-f]{16}…, bundle [0-9a-f]{16}…\n/,
		);
	});

	test("--json: progress and result, an object a line", async () => {
		const { code, stdout } = await tre("update", device.port, await bundle("3.2.2", 2), "--json");
		const lines = stdout
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line));
		expect(code).toBe(0);
		expect(lines[0]).toEqual({ event: "clearing" });
		expect(lines.at(-1)).toMatchObject({ ok: true, from: "3.2.1", to: "3.2.2", slot: 0 });
	});

	test("what the TRE refuses is told by name, and what runs stays", async () => {
		expect(await tre("update", device.port, await bundle("1.0.0", 1))).toMatchObject({
			code: 1,
			stderr: expect.stringMatching(/tre update: updateBegin: update-downgrade\. The security counter/),
		});
		const board = resolve("build/boards/stm32f405/qemu/tre.bundle");
		expect(await tre("update", device.port, board)).toMatchObject({
			code: 1,
			stderr: expect.stringContaining("update-header"),
		});
		expect((await tre("firmware", device.port)).stdout).toMatch(/^version +3\.2\.2 /);
	});

	test("what is no bundle, or a damaged one, never reaches the TRE", async () => {
		const damaged = join(folder, "damaged.bundle");
		const octets = Buffer.from(built);
		octets[octets.length - 9] ^= 1;
		writeFileSync(damaged, octets);
		expect((await tre("update", device.port, damaged)).stderr).toContain("has another digest than its header says");
		expect((await tre("update", device.port, "package.json")).stderr).toContain("no firmware bundle");
		expect((await tre("update", device.port, join(folder, "nothing"))).code).toBe(1);
	});

	test("a firmware that does nothing is tried three times; the one before comes back, and the command says so", async () => {
		// Two modules that are whole, and no TRE: the first lacks what the emulator calls.
		const empty = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
		const length = Buffer.alloc(4);
		length.writeUInt32LE(empty.length);
		const nothing = Buffer.concat([length, empty, length, empty]);
		const { code, stderr } = await tre("update", device.port, await bundle("9.9.9", 2, nothing));
		expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/did not hold.* 3\.2\.2 runs/) });
		expect((await tre("log", device.port)).stdout).toContain("update-rolled-back");
	});
});
