import { afterEach, describe, expect, test } from "vitest";
import type { FlashOptions } from "../../../host/flash/flash.ts";
import type { Plan } from "../../../host/flash/plan.ts";
import { openocd, openocdWords } from "../../../host/flash/ways/openocd.ts";
import { copyOf, expectFlashed, expectNotTornForWhole, planFor, usedDevice } from "../../support/flash/device.ts";
import type { FlashChip } from "../../support/flash/flash-chip.ts";
import { JtagAdapter } from "../../support/flash/jtag/remote-bitbang.ts";
import { Stm32f405 } from "../../support/flash/jtag/stm32f405.ts";
import { SAMPLE_MS, sampled } from "../../support/flash/sampled.ts";
import { full } from "../../support/long-form.ts";

const adapters: JtagAdapter[] = [];
afterEach(async () => {
	for (const adapter of adapters.splice(0)) await adapter.close();
});

const older = planFor({ version: "1.0.0" });

async function probeOf(chip: FlashChip, change: (target: Stm32f405) => void = () => undefined) {
	const target = new Stm32f405(chip);
	change(target);
	const adapter = new JtagAdapter(target);
	adapters.push(adapter);
	return { target, adapter, probe: await adapter.listen() };
}

const flash = (target: string, plan: Plan, options: Partial<FlashOptions> = {}) =>
	openocd.flash(
		{ target, baudRate: 115_200, parity: "even" },
		plan,
		{ isKeptCompared: false, isBoardNamed: false, ...options },
		() => undefined,
	);

describe("tre flash --via openocd, OpenOCD's own driver on a model of the chip's JTAG", () => {
	test("writes boot stage and slot A, erases the records, keeps the rest, and lets the core run", async () => {
		const [chip, plan] = [usedDevice(older), planFor()];
		const before = copyOf(chip);
		const { target, probe } = await probeOf(chip);
		const done = await flash(probe, plan, { isKeptCompared: full });
		expectFlashed(chip, plan, before);
		expect(done).toMatchObject({
			chip: "a chip 0x413 behind OpenOCD",
			written: ["boot stage", "slot A"],
			// Each word of them takes OpenOCD a hundred pins' changes, which the model has to see.
			kept: full ? ["device root key", "store"] : [],
		});
		expect(target.isHalted).toBe(false);
		expect(target.resets).toBeGreaterThanOrEqual(2);
	});

	test(
		"a flash that the supply ends, in the middle of any erase or programming: the same command repairs it",
		async () => {
			const plan = planFor({ size: 1_201, bootStage: Buffer.alloc(300, 7) });
			const whole = usedDevice(older);
			await flash((await probeOf(whole)).probe, plan);
			for (const at of sampled(whole.operations, 2)) {
				const chip = usedDevice(older);
				const before = copyOf(chip);
				const torn = await probeOf(chip);
				chip.cutAt(at, () => torn.adapter.unplug());
				await expect(flash(torn.probe, plan)).rejects.toThrow("run the same command again");
				expectNotTornForWhole(chip, older, plan);
				chip.powerUp();
				await flash((await probeOf(chip)).probe, plan);
				expectFlashed(chip, plan, before);
			}
		},
		SAMPLE_MS,
	);
});

describe("is refused before anything is erased, with what to do", () => {
	test.each([
		[
			"another chip",
			(target: Stm32f405) => {
				target.deviceId = 0x1000_6431;
			},
			/^chip-other: a chip 0x431 behind OpenOCD, which is no stm32f405; nothing was erased/,
		],
		[
			"a chip that is protected against reading",
			(target: Stm32f405) => {
				target.chip.isReadProtected = true;
			},
			/^chip-read-protected: .*TRE_id and subscriptions are gone/,
		],
		[
			"another boot stage in a write-protected sector",
			(target: Stm32f405) => {
				target.chip.writeProtected = [0];
			},
			/^sector-write-protected: sector 0 is write-protected, .*flash protect 0 0 0 off/,
		],
	])("%s", async (_, change, words) => {
		const chip = usedDevice(older);
		const { probe } = await probeOf(chip, change);
		const said = await flash(probe, planFor()).then(
			() => "nothing was refused",
			(error: Error & { code?: string }) => `${error.code}: ${error.message}`,
		);
		expect(said).toMatch(words);
		expect(chip.operations).toBe(0);
	});

	test("a probe that is not there", async () => {
		await expect(flash("stlink", planFor())).rejects.toThrow(
			/OpenOCD gets to no chip by stlink: .*is the probe plugged in/,
		);
	});

	test("a probe that OpenOCD does not know", async () => {
		await expect(flash("nonsense", planFor())).rejects.toThrow(/OpenOCD gets to no chip by nonsense: /);
	});
});

test("a probe is named by its file in OpenOCD's folder, with a serial number, or by a file of one's own", () => {
	expect(openocdWords("stlink", "target/stm32f4x.cfg")).toEqual([
		...["-f", "interface/stlink.cfg", "-f", "target/stm32f4x.cfg"],
	]);
	expect(openocdWords("cmsis-dap:E6614", "target/stm32f4x.cfg")).toEqual([
		...["-f", "interface/cmsis-dap.cfg", "-c", "adapter serial E6614", "-f", "target/stm32f4x.cfg"],
	]);
	expect(openocdWords("./bench.cfg", "target/stm32f4x.cfg")).toEqual(["-f", "./bench.cfg"]);
});
