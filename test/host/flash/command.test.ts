import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { decodeBundle } from "../../../host/flash/bundle.ts";
import { planOf } from "../../../host/flash/plan.ts";
import { Device } from "../../support/device.ts";
import { bare, bundleOctets, f405 } from "../../support/flash/bundles.ts";
import { copyOf, expectFlashed, expectNotTornForWhole, planFor, usedDevice } from "../../support/flash/device.ts";
import { RomModel } from "../../support/flash/rom-model.ts";
import { SAMPLE_MS, sampled } from "../../support/flash/sampled.ts";

const folder = mkdtempSync(join(tmpdir(), "flash-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const octets = bundleOctets(f405, { version: "1.2.3", size: 3_001 });
const file = join(folder, "tre.bundle");
writeFileSync(file, octets);
const plan = planOf(f405, decodeBundle(octets), false);
const older = planFor({ version: "1.0.0", size: 4_005 });

let model: RomModel | undefined;
afterEach(() => model?.unplug());

interface Told {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
	/** Of --json. */
	readonly events: readonly Record<string, unknown>[];
}

function tre(words: readonly string[], started: (child: ChildProcess) => void = () => undefined): Promise<Told> {
	const child = spawn(process.execPath, [resolve("build/js/host/cli/main.js"), "flash", ...words], {
		stdio: ["ignore", "pipe", "pipe"],
	});
	started(child);
	const said = { stdout: "", stderr: "" };
	for (const stream of ["stdout", "stderr"] as const)
		child[stream]?.setEncoding("utf8").on("data", (text: string) => {
			said[stream] += text;
		});
	return new Promise((done) =>
		child.once("close", (code) => {
			const lines = said.stdout.split("\n").filter((line) => line.startsWith("{"));
			done({ code, ...said, events: lines.map((line) => JSON.parse(line) as Record<string, unknown>) });
		}),
	);
}

const rom = (port: string, ...words: string[]) => [port, "--via", "rom", "--firmware", file, "--no-compare", ...words];

describe("tre flash", () => {
	test("--dry-run says what it would write, erase and keep, and touches nothing", async () => {
		const told = await tre(["/dev/not-there", "--via", "rom", "--firmware", file, "--dry-run"]);
		expect(told).toMatchObject({ code: 0, stderr: "" });
		expect(told.stdout.replace(/[0-9a-f]{16}…/g, "…")).toBe(
			[
				"stm32f405, version 1.2.3, signed with the key that everybody has; rom: the loader in the ROM of an STM32 (AN3155), over a serial port; BOOT0 is high when it resets",
				"write   boot stage        0x08000000  1203 octets, sector 0, SHA-256 …, where it is another one",
				"write   slot A            0x08020000  3513 octets, sectors 5 to 6, SHA-256 …",
				"erase   boot records      0x08004000  sectors 1 to 2",
				"keep    device root key   0x080a0000  sector 9",
				"keep    store             0x080c0000  sectors 10 to 11",
				"keep    slot B            0x08060000  sectors 7 to 8",
				"",
			].join("\n"),
		);
	});

	test("--dry-run --json is the same for machines", async () => {
		const { events } = await tre(["stlink", "--firmware", file, "--dry-run", "--json", "--blank"]);
		expect(events).toMatchObject([
			{
				event: "plan",
				board: "stm32f405",
				version: "1.2.3",
				way: "openocd",
				pieces: [
					{ what: "boot stage", octets: 1203, sectors: [0] },
					{ what: "slot A", octets: 3513, sectors: [5, 6], sha256: plan.pieces[1]?.digest },
				],
				erased: [{ what: "device root key" }, { what: "store" }, { what: "boot records" }],
				kept: [{ what: "slot B" }],
			},
		]);
	});

	test("flashes, shows how far it is and how fast, and says that nobody has asked the TRE", async () => {
		const chip = usedDevice(older);
		const before = copyOf(chip);
		model = new RomModel(chip);
		const told = await tre(rom(model.powerUp()));
		expect(told.code, told.stderr).toBe(0);
		expectFlashed(chip, plan, before);
		expect(told.stderr).toMatch(/^writing slot A: 3001 of 3001 octets, \d+ octets\/s$/m);
		expect(told.stdout).toContain("the ROM loader of a chip 0x413: boot stage and slot A written and compared\n");
		expect(told.stdout).toContain("nobody has asked the TRE whether it runs: --port PORT does");
	});

	test("--json: progress and result as one object a line", async () => {
		model = new RomModel(usedDevice(older));
		const { events } = await tre(rom(model.powerUp(), "--json"));
		expect(events).toContainEqual(
			expect.objectContaining({ event: "progress", doing: "writing", what: "slot A", done: 512, total: 512 }),
		);
		expect(events.at(-1)).toEqual({
			...{ event: "flashed", board: "stm32f405", version: "1.2.3", way: "rom", chip: "the ROM loader of a chip 0x413" },
			...{ written: ["boot stage", "slot A"], same: [], cleared: ["boot records"], kept: [], hello: null },
		});
	});

	test(
		"killed at any erase or block: the same command repairs it",
		async () => {
			const whole = new RomModel(usedDevice(older));
			await tre(rom(whole.powerUp()));
			await whole.unplug();
			for (const at of sampled(whole.chip.operations, 2)) {
				const chip = usedDevice(older);
				const before = copyOf(chip);
				model = new RomModel(chip);
				let port = model.powerUp();
				let child: ChildProcess | undefined;
				model.onOctet = () => {
					if (chip.operations > at) child?.kill("SIGKILL");
				};
				const killed = await tre(rom(port), (started) => {
					child = started;
				});
				expect(killed.code).toBe(null);
				model.onOctet = undefined;
				// Killed so late that it had started the firmware: BOOT0 and a reset bring the loader back.
				if (model.started !== undefined) {
					await model.unplug();
					port = model.powerUp();
				}
				expectNotTornForWhole(chip, older, plan);
				const again = await tre(rom(port));
				expect(again.code, again.stderr).toBe(0);
				expectFlashed(chip, plan, before);
				await model.unplug();
			}
		},
		SAMPLE_MS,
	);
});

describe("tre flash --blank", () => {
	test("says what dies and asks; where nobody is there to ask it erases nothing", async () => {
		model = new RomModel(usedDevice(older));
		const told = await tre(rom(model.powerUp(), "--blank", "--json"));
		expect(told.code).toBe(1);
		expect(told.stderr).toContain(
			"its TRE_id and all of its subscriptions are gone then, and nothing brings them back",
		);
		expect(told.stderr).toContain("say --yes if that is meant");
		expect(told.events.at(-1)).toMatchObject({ event: "refused", code: "not-agreed" });
		expect(model.heard).toBe(0);
	});

	test("--yes erases device root key and store", async () => {
		const chip = usedDevice(older);
		const before = copyOf(chip);
		model = new RomModel(chip);
		const told = await tre(rom(model.powerUp(), "--blank", "--yes"));
		expect(told.code, told.stderr).toBe(0);
		expectFlashed(chip, planOf(f405, decodeBundle(octets), true), before);
		expect(told.stdout).toContain("device root key and store are erased\n");
	});
});

describe("what tre flash refuses, by name for machines", () => {
	test("an update that is to erase device root key and store", async () => {
		const told = await tre(["/dev/not-there", "--firmware", file, "--blank", "--json"]);
		expect(told).toMatchObject({ code: 1, events: [{ event: "refused", code: "way-not-here" }] });
		expect(told.stderr).toContain("hil wipe");
	});

	test("an update of a TRE that no boot stage has started", async () => {
		const device = new Device("qemu:mps2-an505");
		try {
			await device.start();
			const told = await tre([device.port, "--firmware", file, "--json"]);
			expect(told).toMatchObject({ code: 1, events: [{ event: "refused", code: "target-unfit" }] });
			expect(told.stderr).toContain("--via rom, openocd, dfu or gdb");
		} finally {
			await device.dispose();
		}
	});

	test("a firmware of another board than the one that is named", async () => {
		const path = join(folder, "bare.bundle");
		writeFileSync(path, bundleOctets(bare));
		const told = await tre(["stlink", "--firmware", path, "--board", "stm32f405", "--json"]);
		expect(told.events).toMatchObject([{ event: "refused", code: "bundle-of-other-board" }]);
	});

	test("a chip that is protected against reading", async () => {
		model = new RomModel(usedDevice(older));
		model.chip.isReadProtected = true;
		const told = await tre(rom(model.powerUp(), "--json"));
		expect(told.events).toMatchObject([{ event: "refused", code: "chip-read-protected" }]);
	});
});

describe("the TRE on --port is asked after a flash", () => {
	const device = new Device("emulator");
	beforeAll(() => device.start());
	afterAll(() => device.dispose());
	/** Of the TRE in this clone. */
	const RUNNING = "0.1.0";

	test("it says hello, with the version that was written", async () => {
		const path = join(folder, "running.bundle");
		writeFileSync(path, bundleOctets(f405, { version: RUNNING }));
		model = new RomModel(usedDevice(older));
		const words = [
			model.powerUp(),
			"--via",
			"rom",
			"--firmware",
			path,
			"--no-compare",
			"--port",
			device.port,
			"--json",
		];
		const told = await tre(words);
		expect(told.code, told.stderr).toBe(0);
		expect(told.events.at(-1)).toMatchObject({ hello: { version: RUNNING, state: "blank", bootCounter: 1 } });
	});

	test("another version than was written is told", async () => {
		model = new RomModel(usedDevice(older));
		const told = await tre(rom(model.powerUp(), "--port", device.port));
		expect(told.code).toBe(1);
		expect(told.stderr).toContain(`says version ${RUNNING}, and 1.2.3 was written`);
	});

	test("a port that somebody else has is refused before anything is erased", async () => {
		const tre0 = await device.open();
		try {
			model = new RomModel(usedDevice(older));
			const told = await tre(rom(model.powerUp(), "--port", device.port, "--json"));
			expect(told.events.at(-1)).toMatchObject({ event: "refused", code: "target-unfit" });
			expect(told.stderr).toContain("is in use by process");
			expect(model.heard).toBe(0);
		} finally {
			await tre0.close();
		}
	});
});
