import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { dfuWords, namesIn, readLayout } from "../../../host/flash/dfu/command.ts";
import { dfu } from "../../../host/flash/ways/dfu.ts";
import { f405 } from "../../support/flash/bundles.ts";
import { planFor } from "../../support/flash/device.ts";

const folder = mkdtempSync(join(tmpdir(), "dfu-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const device = { device: "0483:df11", alt: 0, serial: undefined };
const file = join(folder, "part.bin");
writeFileSync(file, "octets of a firmware");

/** No USB device is here: what can be seen is that dfu-util takes these words for what they are. */
describe("dfu-util's command line", () => {
	const [USAGE, NO_DEVICE] = [64, 74];

	test.each([
		["reads", dfuWords.read(device, 0x0800_0000, 1_203, join(folder, "none.bin"))],
		["writes", dfuWords.write(device, 0x0802_0000, file)],
		["starts", dfuWords.start(device, 0x0800_0000, join(folder, "none.bin"))],
		["writes one of several", dfuWords.write({ ...device, serial: "3257354B3038" }, 0x0802_0000, file)],
	])("%s: dfu-util looks for the device", (_, words) => {
		const { status, stderr } = spawnSync("dfu-util", words, { encoding: "utf8" });
		expect(stderr).toContain("No DFU capable USB device available");
		expect(status).toBe(NO_DEVICE);
	});

	test("lists what is there", () => {
		expect(spawnSync("dfu-util", dfuWords.list(device)).status).toBe(0);
	});

	test("a word that it does not know would be told apart", () => {
		expect(spawnSync("dfu-util", ["--nonsense"]).status).toBe(USAGE);
	});

	test("none of them is a mass erase", () => {
		const all = [dfuWords.read(device, 0, 1, file), dfuWords.write(device, 0, file), dfuWords.start(device, 0, file)];
		expect(all.flat().join(" ")).not.toMatch(/mass-erase|unprotect|force/);
	});
});

describe("what a loader says of its flash", () => {
	const name = "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg";

	test("the sectors of an STM32F405", () => {
		expect(readLayout(name)).toEqual({ base: f405.flash.base, sectors: f405.flash.sectors });
	});

	test.each([
		["another chip", "@Internal Flash   /0x08000000/064*0002Kg", { base: 0x0800_0000, sectors: Array(64).fill(2048) }],
		["option bytes", "@Option Bytes  /0x1FFFC000/01*016 e", { base: 0x1fff_c000, sectors: [16] }],
		["no layout", "Internal Flash", undefined],
		["a layout of a later kind", "@Internal Flash /0x08000000/04*016Kz", undefined],
	])("%s", (_, said, layout) => {
		expect(readLayout(said)).toEqual(layout);
	});

	test("is found in what dfu-util lists", () => {
		const line = (alt: number, what: string) =>
			`Found DFU: [0483:df11] ver=2200, devnum=5, cfg=1, intf=0, path="1-1", alt=${alt}, name="${what}", serial="325735"`;
		const listed = ["dfu-util 0.11", "", line(1, "@Option Bytes  /0x1FFFC000/01*016 e"), line(0, name)].join("\n");
		expect(namesIn(listed, 0)).toEqual([name]);
	});
});

test("no loader on USB: BOOT0, and who may open it", async () => {
	await expect(
		dfu.flash(
			{ target: "dfu", baudRate: 115_200, parity: "even" },
			planFor(),
			{ isKeptCompared: true, isBoardNamed: false },
			() => undefined,
		),
	).rejects.toThrow("no DFU loader 0483:df11 is on USB; hold BOOT0 high");
});
