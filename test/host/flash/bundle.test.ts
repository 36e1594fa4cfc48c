import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { encodeBundle } from "../../../firmware/contract/bundle.ts";
import { image, imageFields } from "../../../firmware/contract/image.ts";
import { imageAreas } from "../../../host/flash/board.ts";
import { checkBundle, decodeBundle, readBundle } from "../../../host/flash/bundle.ts";
import { FlashRefused, type RefusalName } from "../../../host/flash/refused.ts";
import { bare, bundleOctets, f405, noise, slotOctets } from "../../support/flash/bundles.ts";

const folder = mkdtempSync(join(tmpdir(), "bundle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [slotA, slotB] = imageAreas(f405).map(({ address }) => address) as [number, number];
const stage = noise("stage", 800);
const behind = noise("image", 900);
const slot = (address: number, fields = {}, octets: Uint8Array = behind) =>
	slotOctets({ board: "stm32f405", address, ...fields }, octets);

function refusal(run: () => unknown): { code: RefusalName; message: string } {
	try {
		run();
	} catch (error) {
		if (error instanceof FlashRefused) return { code: error.code, message: error.message };
		throw error;
	}
	throw new Error("nothing was refused");
}

const checked = (octets: Uint8Array, board = f405) => checkBundle(decodeBundle(octets), board);

describe("a bundle that fits", () => {
	test("is read from its file, with both slots", () => {
		const path = join(folder, "tre.bundle");
		writeFileSync(path, bundleOctets(f405, { version: "2.0.1" }));
		const bundle = readBundle(path);
		checkBundle(bundle, f405);
		expect(bundle.slots.map(({ header }) => [header.version, header.address])).toEqual([
			["2.0.1", 0x0802_0000],
			["2.0.1", 0x0806_0000],
		]);
	});

	test("has one image and no boot stage where the board has none", () => {
		expect(() => checked(bundleOctets(bare), bare)).not.toThrow();
		expect(imageAreas(bare)).toEqual([
			{ address: 0x0800_0000, length: 0xa_0000, sectors: [0, 1, 2, 3, 4, 5, 6, 7, 8] },
		]);
	});
});

describe("what is no bundle of ours is refused by name", () => {
	const whole = bundleOctets(f405);
	const withOctet = (octets: Buffer, at: number, value: number): Buffer => {
		const copy = Buffer.from(octets);
		copy[at] = value;
		return copy;
	};

	test.each([
		["text", Buffer.from("# a file\n"), "the file is no firmware bundle"],
		["an ELF file", Buffer.from("\x7fELF\x01\x01\x01"), "the file is no firmware bundle"],
		["nothing", Buffer.alloc(0), "the file is no firmware bundle"],
		["a bundle that was cut off", whole.subarray(0, -1), "the file is no firmware bundle"],
		["a bundle with something behind it", Buffer.concat([whole, Buffer.of(0)]), "the file is no firmware bundle"],
		["another magic", withOctet(whole, 2, 0x58), "the file is no firmware bundle"],
		["another format", withOctet(whole, 12, 2), "the bundle has format 2; take a newer version of this program"],
		[
			"a board that is no text",
			encodeBundle({ board: 7 as never, bootStage: stage, slots: [slot(slotA), slot(slotB)] }),
			"other parts than a board",
		],
		["a flipped bit of an image", withOctet(whole, whole.length - 1, 0), "slot B of the bundle has another digest"],
		[
			"an image without a header",
			encodeBundle({ board: "stm32f405", bootStage: stage, slots: [noise("raw", 2_000), slot(slotB)] }),
			"slot A of the bundle is none of ours: it does not begin with the header of a TRE image",
		],
		[
			"an image shorter than its header says",
			encodeBundle({ board: "stm32f405", bootStage: stage, slots: [slot(slotA, { length: 901 }), slot(slotB)] }),
			"slot A of the bundle has 900 octets of image, and its header says 901",
		],
		[
			"something in the fill of a header",
			encodeBundle({
				board: "stm32f405",
				bootStage: stage,
				slots: [withOctet(slot(slotA), image.USED_SIZE, 0), slot(slotB)],
			}),
			"slot A of the bundle has something in the fill of its header",
		],
		[
			"a header of a later format",
			encodeBundle({
				board: "stm32f405",
				bootStage: stage,
				slots: [withOctet(slot(slotA), imageFields.format, 2), slot(slotB)],
			}),
			"its header has format 2, and this program knows 1",
		],
	] as const)("%s", (_, octets, why) => {
		const { code, message } = refusal(() => decodeBundle(octets));
		expect(code).toBe("bundle-damaged");
		expect(message).toContain(why);
	});

	test("a file that is not there: which command builds it", () => {
		const { code, message } = refusal(() => readBundle(join(folder, "none")));
		expect(code).toBe("bundle-missing");
		expect(message).toContain("build it: npm run firmware -- --board");
	});
});

describe("what does not fit the board is refused by name", () => {
	const of = (slots: readonly Uint8Array[], bootStage: Uint8Array = stage) =>
		encodeBundle({ board: "stm32f405", bootStage: bootStage, slots: slots });
	const other = (fields: object) => of([slot(slotA), slot(slotB, fields)]);

	test.each([
		["slots the wrong way round", of([slot(slotB), slot(slotA)]), "slot A of the bundle is linked for 0x8060000"],
		["one slot", of([slot(slotA)]), "the bundle has 1 images, and stm32f405 takes 2"],
		["no boot stage", of([slot(slotA), slot(slotB)], Buffer.alloc(0)), "the boot stage of the bundle has 0 octets"],
		[
			"a boot stage too long for its sector",
			of([slot(slotA), slot(slotB)], noise("long", 16_385)),
			"has 16385 octets, and stm32f405 has room for 16384",
		],
		[
			"an image too long for its slot",
			of([slot(slotA, {}, noise("long", 256 * 1024 - 511)), slot(slotB)]),
			"slot A of the bundle takes 262145 octets, and there are 262144",
		],
		["two versions", other({ version: "1.2.4" }), "different versions, security counters or signers"],
		["two security counters", other({ securityCounter: 2 }), "different versions, security counters or signers"],
		["two signers", other({ signer: noise("other", 32) }), "different versions, security counters or signers"],
	])("%s", (_, octets, why) => {
		const { code, message } = refusal(() => checked(octets));
		expect(code).toBe("bundle-damaged");
		expect(message).toContain(why);
	});

	test.each([
		[
			"a bundle of another board",
			encodeBundle({ board: "nrf52840", bootStage: stage, slots: [slot(slotA), slot(slotB)] }),
		],
		["an image of another board in it", other({ board: "nrf52840" })],
	])("%s", (_, octets) => {
		const { code, message } = refusal(() => checked(octets));
		expect(code).toBe("bundle-of-other-board");
		expect(message).toContain("nrf52840");
	});
});
