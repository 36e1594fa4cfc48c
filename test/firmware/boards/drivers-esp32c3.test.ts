import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { espImage } from "../../../firmware/build/esp-image.mjs";
import { CompiledC } from "../../support/compile-wasm.ts";

const common = "firmware/boards/common";
const esp = "firmware/boards/esp32c3";
const here = "test/firmware/boards/drivers";

/** Sectors 224 to 255 are the store's, 223 is the device root key's. */
const [SECTOR, KEY, FIRST_STORE, STORE_SECTORS] = [4096, 223, 224, 32];
const KEY_SECTOR = -1;
const numberOf = (sector: number): number => (sector === KEY_SECTOR ? KEY : FIRST_STORE + sector);

class Driver {
	readonly compiled: CompiledC;

	constructor(source = `${esp}/flash_board.c`) {
		this.compiled = new CompiledC([source, `${here}/rom-flash.cpp`], [common, esp, here], `${here}/rom-flash.hpp`);
		this.compiled.call("model_reset");
	}

	flash(at: number, length: number): Buffer {
		return this.compiled.octets(this.compiled.call("model_flash") + at, length);
	}

	program(sector: number, offset: number, octets: Uint8Array): number {
		return this.compiled.call("board_flash_program", sector, offset, this.compiled.put(octets), octets.length);
	}

	read(sector: number, offset: number, length: number): Buffer {
		const at = this.compiled.put(new Uint8Array(length));
		expect(this.compiled.call("board_flash_read", sector, offset, at, length)).toBe(0);
		return Buffer.from(this.compiled.octets(at, length));
	}
}

describe("the flash driver of the ESP32-C3 on functions as its ROM has them", () => {
	const driver = new Driver();
	beforeEach(() => driver.compiled.call("model_reset"));

	test("programs any octets by whole words, keeps what stands beside, and reads what is there", () => {
		const octets = fc.uint8Array({ minLength: 1, maxLength: 700 });
		fc.assert(
			fc.property(
				fc.constantFrom(0, 1, STORE_SECTORS - 1, KEY_SECTOR),
				fc.nat(2000),
				octets,
				octets,
				(sector, offset, ...both) => {
					driver.compiled.call("model_reset");
					const expected = Buffer.alloc(SECTOR, 0xff);
					for (const written of both) {
						expect(driver.program(sector, offset, written)).toBe(0);
						for (const [n, octet] of written.entries()) expected[offset + n] = (expected[offset + n] as number) & octet;
					}
					expect(driver.flash(numberOf(sector) * SECTOR, SECTOR).equals(expected)).toBe(true);
					expect(driver.read(sector, offset, 701).equals(expected.subarray(offset, offset + 701))).toBe(true);
					expect(driver.compiled.get("violations")).toBe(0);
				},
			),
		);
	});

	test("erases the sector that it is told, and no other one", () => {
		for (const sector of [0, 1, STORE_SECTORS - 1, KEY_SECTOR]) {
			driver.compiled.call("model_reset");
			driver.flash(0, 256 * SECTOR).fill(0);
			expect(driver.compiled.call("board_flash_erase", sector)).toBe(0);
			expect([driver.compiled.get("erased_sectors"), driver.compiled.get("last_erased")]).toEqual([
				1,
				numberOf(sector),
			]);
			expect(driver.compiled.get("violations")).toBe(0);
		}
	});

	test.each([
		["says so", 1],
		["says nothing", 0],
	])("an operation that does nothing, and %s, is told", (_name, says) => {
		driver.compiled.set("fail_says", says);
		driver.compiled.set("fail_at", 1);
		expect(driver.program(0, 3, Buffer.alloc(600, 0x5a))).not.toBe(0);
		driver.compiled.set("fail_at", driver.compiled.get("operations"));
		expect(driver.compiled.call("board_flash_erase", 0)).not.toBe(0);
		expect(driver.compiled.call("board_flash_erase", 0)).toBe(0);
	});
});

describe("faults planted in the flash driver of the ESP32-C3 are found", () => {
	const folder = mkdtempSync(join(tmpdir(), "planted-esp-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	test.each([
		["an address that is no word's", ".from = address & ~(WORD - 1)", ".from = address"],
		["the protection is left on", "  if (ROM_FLASH_UNLOCK() != 0) return -1;\n", ""],
		["the words around are cleared", "words[i] = UINT32_MAX;", "words[i] = 0;"],
		["the first portion again and again", "~octets[done + i] <<", "~octets[i] <<"],
		["nobody looks at what was programmed", " || !holds(&it, octets + done)", ""],
	])("%s", (_name, from, to) => {
		const source = readFileSync(`${esp}/flash_board.c`, "utf8");
		const changed = source.replace(from, to);
		expect(changed).not.toBe(source);
		const path = join(folder, "flash_board.c");
		writeFileSync(path, changed);
		const faulty = new Driver(path);
		const octets = randomBytes(600);
		faulty.program(0, 3, octets);
		const good =
			faulty.flash(FIRST_STORE * SECTOR + 3, 600).equals(octets) &&
			faulty.flash(FIRST_STORE * SECTOR, 3).every((octet) => octet === 0xff);
		faulty.compiled.set("fail_says", 0);
		faulty.compiled.set("fail_at", faulty.compiled.get("operations"));
		const told = faulty.program(1, 0, Buffer.alloc(4)) !== 0;
		expect(good && told && faulty.compiled.get("violations") === 0).toBe(false);
	});
});

describe("the image that the ROM of an ESP32-C3 loads", () => {
	test.each([1, 3, 4, 7, 16, 23, 1000])(
		"%i octets: header, one segment, checksum and SHA-256 where the ROM looks",
		(length) => {
			const octets = randomBytes(length);
			const image = espImage("esp32c3", { address: 0x3fc80000, entry: 0x40380000, octets });
			// Magic, segments, chip, and that a hash follows (ESP-IDF, esp_image_header_t).
			expect([image[0], image[1], image.readUInt16LE(12), image[23]]).toEqual([0xe9, 1, 5, 1]);
			expect(image.readUInt32LE(4)).toBe(0x40380000);
			expect(image.readUInt32LE(24)).toBe(0x3fc80000);
			const size = image.readUInt32LE(28);
			expect(size % 4).toBe(0);
			const segment = image.subarray(32, 32 + size);
			expect(segment.subarray(0, length).equals(octets)).toBe(true);
			const body = image.subarray(0, image.length - 32);
			expect(body.length % 16).toBe(0);
			expect(body.length - 32 - size).toBeLessThanOrEqual(16);
			expect(body.at(-1)).toBe(segment.reduce((sum, octet) => sum ^ octet, 0xef));
			expect(image.subarray(-32).equals(createHash("sha256").update(body).digest())).toBe(true);
		},
	);
});
