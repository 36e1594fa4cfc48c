import { afterEach, describe, expect, test } from "vitest";
import { flashBoard } from "../../../host/flash/board.ts";
import type { FlashOptions } from "../../../host/flash/flash.ts";
import type { Plan } from "../../../host/flash/plan.ts";
import { openocd, openocdWords } from "../../../host/flash/ways/openocd.ts";
import { copyOf, expectFlashed, planFor, usedDevice } from "../../support/flash/device.ts";
import type { FlashChip } from "../../support/flash/flash-chip.ts";
import { Nrf52840 } from "../../support/flash/jtag/nrf52840.ts";
import { JtagAdapter } from "../../support/flash/jtag/remote-bitbang.ts";
import { SAMPLE_MS, sampled } from "../../support/flash/sampled.ts";

const board = flashBoard("nrf52840-dk");
const adapters: JtagAdapter[] = [];
afterEach(async () => {
	for (const adapter of adapters.splice(0)) await adapter.close();
});

const plan = (version = "1.2.3", size = 5_001): Plan => planFor({ version, size }, false, board);
const older = plan("1.0.0");

async function probeOf(chip: FlashChip, change: (target: Nrf52840) => void = () => undefined) {
	const target = new Nrf52840(chip);
	change(target);
	const adapter = new JtagAdapter(target);
	adapters.push(adapter);
	return { target, adapter, probe: await adapter.listen() };
}

const flash = (target: string, wanted: Plan, options: Partial<FlashOptions> = {}) =>
	openocd.flash(
		{ target, baudRate: 115_200, parity: "even" },
		wanted,
		{ isKeptCompared: false, isBoardNamed: false, ...options },
		() => undefined,
	);

describe("tre flash --via openocd on an nRF52840, OpenOCD's own driver on a model of its flash controller", () => {
	test("writes the image page by page, keeps key and store, and lets the core run", async () => {
		const [chip, wanted] = [usedDevice(older), plan()];
		const before = copyOf(chip);
		const { target, probe } = await probeOf(chip);
		const done = await flash(probe, wanted);
		expectFlashed(chip, wanted, before);
		expect(done).toMatchObject({ chip: "a chip 0x52840 behind OpenOCD", written: ["image"] });
		expect(target.misuse).toEqual([]);
		expect(target.isHalted).toBe(false);
	});

	test(
		"a flash that the supply ends, in the middle of any erase or programming: the same command repairs it",
		async () => {
			const wanted = plan("1.2.3", 901);
			const whole = usedDevice(older);
			await flash((await probeOf(whole)).probe, wanted);
			for (const at of sampled(whole.operations, 2)) {
				const chip = usedDevice(older);
				const before = copyOf(chip);
				const torn = await probeOf(chip);
				chip.cutAt(at, () => torn.adapter.unplug());
				await expect(flash(torn.probe, wanted)).rejects.toThrow("run the same command again");
				chip.powerUp();
				await flash((await probeOf(chip)).probe, wanted);
				expectFlashed(chip, wanted, before);
			}
		},
		SAMPLE_MS,
	);

	test.each([
		["another chip", (target: Nrf52840) => Object.assign(target, { part: 0x5_2832 }), /^chip-other: a chip 0x52832 /],
		[
			"a chip that is protected against reading",
			(target: Nrf52840) => Object.assign(target, { protection: 0xffff_ff00 }),
			/^chip-read-protected: .*subscriptions are gone: OpenOCD's nrf52_recover$/,
		],
	])("%s is refused before anything is erased", async (_, change, words) => {
		const chip = usedDevice(older);
		const { probe } = await probeOf(chip, change);
		const said = await flash(probe, plan()).then(
			() => "nothing was refused",
			(error: Error & { code?: string }) => `${error.code}: ${error.message}`,
		);
		expect(said).toMatch(words);
		expect(chip.operations).toBe(0);
	});

	test("the J-Link of the board is told to speak SWD, which its file does not choose", () => {
		const { target = "", transports } = board.flashing.openocd ?? {};
		expect(openocdWords("jlink", target, transports)).toEqual([
			...["-f", "interface/jlink.cfg", "-c", "transport select swd", "-f", "target/nrf52.cfg"],
		]);
		expect(openocdWords("cmsis-dap", target, transports)).toEqual([
			...["-f", "interface/cmsis-dap.cfg", "-f", "target/nrf52.cfg"],
		]);
	});
});
