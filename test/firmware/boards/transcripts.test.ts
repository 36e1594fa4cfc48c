import { beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../../firmware/contract/commands.ts";
import { Device } from "../../support/device.ts";
import { boards, type TestTarget } from "../../support/targets.ts";
import { TranscribedTre } from "../../support/transcript.ts";
import { wholeLife } from "../../support/whole-life.ts";

async function lifeOn(target: TestTarget): Promise<readonly string[]> {
	const device = Device.keyed(target);
	const tre = new TranscribedTre(device);
	await tre.start();
	try {
		await wholeLife(tre);
		return tre.transcript;
	} finally {
		await tre.stop();
		await device.dispose();
	}
}

describe("one life on every target: commands and answers, what varies masked", () => {
	let expected: readonly string[];
	beforeAll(async () => {
		expected = await lifeOn("emulator");
	});

	test("the life has every command that a device takes after its keys are made, and refusals", () => {
		const named = new Set(expected.map((line) => line.split(" ", 1)[0]));
		const others = ["hello", "makeKeys", "makeKeyPairs"];
		expect(Object.keys(commands).filter((name) => !named.has(name) && !others.includes(name))).toEqual([]);
		expect(expected.some((line) => / → [a-z-]+$/.test(line))).toBe(true);
	});

	test.each(boards)("%s says what the emulator says", async (target) => {
		expect(await lifeOn(target)).toEqual(expected);
	});
});
