import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { f405, noise } from "../../support/flash/bundles.ts";
import { copyOf, usedDevice } from "../../support/flash/device.ts";
import { FlashChip } from "../../support/flash/flash-chip.ts";
import { RomModel } from "../../support/flash/rom-model.ts";

const folder = mkdtempSync(join(tmpdir(), "stm32flash-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let model: RomModel | undefined;
afterEach(() => model?.unplug());

/** Debian's stm32flash on the model's terminal, which has no parity. */
function stm32flash(port: string, ...words: string[]): Promise<{ code: number; said: string }> {
	return new Promise((resolve) => {
		execFile("stm32flash", ["-m", "8n1", "-b", "115200", ...words, port], (error, stdout, stderr) =>
			resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr }),
		);
	});
}

/** A client that others wrote, and many have used on real chips, takes the model for a ROM loader. */
describe("stm32flash and the model of the ROM loader", () => {
	test("it knows the chip, and finds what the loader can do", async () => {
		model = new RomModel(new FlashChip(f405));
		const { code, said } = await stm32flash(model.powerUp());
		expect(said).toContain("Version      : 0x31");
		expect(said).toContain("Device ID    : 0x0413 (STM32F40xxx/41xxx)");
		expect(code).toBe(0);
	});

	test("it writes, verifies and starts an image, and key and store stay", async () => {
		const chip = usedDevice();
		const before = copyOf(chip);
		model = new RomModel(chip);
		const file = join(folder, "image.bin");
		const image = noise("image", 40_000);
		writeFileSync(file, image);
		const { code, said } = await stm32flash(model.powerUp(), "-w", file, "-v", "-S", "0x08020000", "-g", "0x08020000");
		expect(said).toContain("Wrote and verified address 0x08029c40 (100.00%) Done.");
		expect(code).toBe(0);
		expect(chip.at(0x0802_0000, image.length).equals(image)).toBe(true);
		expect(chip.area([9, 10, 11]).equals(before.area([9, 10, 11]))).toBe(true);
		expect(model.started).toBe(0x0802_0000);
	});

	test("it reads back what is there", async () => {
		const chip = usedDevice();
		model = new RomModel(chip);
		const file = join(folder, "back.bin");
		expect((await stm32flash(model.powerUp(), "-r", file, "-S", "0x08000000:5000")).code).toBe(0);
		expect(readFileSync(file).equals(chip.at(0x0800_0000, 5_000))).toBe(true);
	});

	test("it is refused by a chip that is protected against reading", async () => {
		model = new RomModel(usedDevice());
		model.chip.isReadProtected = true;
		const { code } = await stm32flash(model.powerUp(), "-r", join(folder, "none.bin"), "-S", "0x08000000:256");
		expect(code).not.toBe(0);
	});
});
