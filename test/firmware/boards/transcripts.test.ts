import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../../firmware/contract/commands.ts";
import { Device } from "../../support/device.ts";
import { elfOf, isRiscv, patched } from "../../support/elf.ts";
import { boards, boardsOfForm, type TestTarget } from "../../support/targets.ts";
import { TranscribedTre } from "../../support/transcript.ts";
import { wholeLife } from "../../support/whole-life.ts";

const withBootStage: readonly TestTarget[] = ["qemu:stm32f405"];

/** What is said until the end of a life, or until it cannot go on. */
async function lifeOn(
	target: TestTarget,
	withOffers: boolean,
	more: readonly string[] = [],
): Promise<readonly string[]> {
	const device = Device.keyed(target);
	device.more = more;
	const tre = new TranscribedTre(device);
	await tre.start();
	try {
		await wholeLife(tre, withOffers);
	} catch (error) {
		tre.transcript.push(`ended: ${(error as Error).message}`);
	} finally {
		await tre.stop();
		await device.dispose();
	}
	return tre.transcript;
}

describe("one life on every target: commands and answers, what varies masked", () => {
	let expected: readonly string[];
	/** Without offers of firmware, which need a boot stage. */
	let plain: readonly string[];
	beforeAll(async () => {
		expected = await lifeOn("emulator", true);
		plain = await lifeOn("emulator", false);
	});

	test("the life has every command that a device takes after its keys are made, and refusals", () => {
		const named = new Set(expected.map((line) => line.split(" ", 1)[0]));
		// Where there are slots an update ends in another firmware: update.test.ts.
		const others = ["hello", "makeKeys", "makeKeyPairs", "updateBegin", "updateOctets", "updateEnd", "updateStatus"];
		expect(Object.keys(commands).filter((name) => !named.has(name) && !others.includes(name))).toEqual([]);
		expect(expected.some((line) => / → [a-z-]+$/.test(line))).toBe(true);
		expect(expected.at(-1)).toMatch(/^wipe /);
	});

	test.each(boards)("%s says what the emulator says", async (target) => {
		const withOffers = withBootStage.includes(target);
		expect(await lifeOn(target, withOffers)).toEqual(withOffers ? expected : plain);
	});

	test.each(boardsOfForm)(
		"a fault planted in %s is seen: a flash that says it has erased, and has not",
		async (target) => {
			const folder = mkdtempSync(join(tmpdir(), "planted-"));
			const good = elfOf(target);
			// movs r0, #0; bx lr – li a0, 0; ret
			const returns = isRiscv(good) ? [0x4501, 0x8082] : [0x2000, 0x4770];
			const elf = patched(good, { board_flash_erase: returns }, join(folder, "tre.elf"));
			const found = await lifeOn(target, false, ["--firmware", elf]);
			rmSync(folder, { recursive: true });
			const differs = found.findIndex((line, n) => line !== plain[n]);
			expect(differs).toBeGreaterThan(0);
			expect(found[differs]).toMatch(/ → (flash-failed|trapped)$/);
		},
	);
});
