import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { CompiledC } from "../../support/compile-wasm.ts";

const common = "firmware/boards/common";
const nrf = "firmware/boards/nrf52840-dk";
const here = "test/firmware/boards/drivers";

/** Octets from the start of the flash: pages 224 to 255 are the store's, 223 is the device root key's. */
const [PAGE, KEY_PAGE, FIRST_STORE_PAGE, STORE_PAGES] = [4096, 223, 224, 32];
const KEY_SECTOR = -1;
const pageOf = (sector: number): number => (sector === KEY_SECTOR ? KEY_PAGE : FIRST_STORE_PAGE + sector);

class Driver {
	readonly compiled: CompiledC;

	constructor(source = `${nrf}/flash_board.c`) {
		this.compiled = new CompiledC([source, `${here}/nvmc.cpp`], [common, nrf, here], `${here}/nvmc.hpp`);
		this.reset();
	}

	reset(): void {
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

	erase(sector: number): number {
		return this.compiled.call("board_flash_erase", sector);
	}

	/** Nothing that the controller forbids, and it is closed. */
	get keptTheRules(): boolean {
		return this.compiled.get("violations") === 0 && this.compiled.call("model_locked") === 1;
	}
}

const sector = fc.constantFrom(0, 1, STORE_PAGES - 1, KEY_SECTOR);

describe("the flash driver of the nRF52840 on a model of its controller that counts violations", () => {
	const driver = new Driver();
	beforeEach(() => driver.reset());

	test("programs whole words, twice at most, keeps what stands beside, and reads what is there", () => {
		const octets = fc.uint8Array({ minLength: 1, maxLength: 300 });
		fc.assert(
			fc.property(sector, fc.nat(2000), octets, octets, (where, offset, first, second) => {
				driver.reset();
				expect(driver.program(where, offset, first)).toBe(0);
				expect(driver.program(where, offset, second)).toBe(0);
				const expected = Buffer.alloc(PAGE, 0xff);
				for (const written of [first, second])
					for (const [n, octet] of written.entries()) expected[offset + n] = (expected[offset + n] as number) & octet;
				expect(driver.read(where, 0, PAGE).equals(expected)).toBe(true);
				expect(driver.flash(pageOf(where) * PAGE, PAGE).equals(expected)).toBe(true);
				expect(driver.keptTheRules).toBe(true);
			}),
		);
	});

	test("what a transaction of the store writes, word after word, writes each word once", () => {
		for (let offset = 0; offset < 256; offset += 16)
			expect(driver.program(0, offset, Buffer.alloc(16, offset))).toBe(0);
		expect(driver.compiled.get("operations")).toBe(64);
		expect(driver.keptTheRules).toBe(true);
	});

	test("erases the page that it is told, and no other one", () => {
		for (const where of [0, 1, STORE_PAGES - 1, KEY_SECTOR]) {
			driver.reset();
			driver.flash(0, 256 * PAGE).fill(0);
			expect(driver.erase(where)).toBe(0);
			expect(driver.compiled.get("erased_pages")).toBe(1);
			expect(driver.compiled.get("last_erased")).toBe(pageOf(where));
			expect(driver.read(where, 0, PAGE).every((octet) => octet === 0xff)).toBe(true);
			expect(driver.keptTheRules).toBe(true);
		}
	});

	test("a word that does not take its octets, or a page that does not erase, is told", () => {
		driver.compiled.set("fail_at", 3);
		expect(driver.program(0, 0, Buffer.alloc(64, 0x5a))).not.toBe(0);
		driver.compiled.set("fail_at", driver.compiled.get("operations"));
		expect(driver.erase(0)).not.toBe(0);
		expect(driver.erase(0)).toBe(0);
		expect(driver.keptTheRules).toBe(true);
	});
});

describe("faults planted in the flash driver of the nRF52840 are found by the model", () => {
	const folder = mkdtempSync(join(tmpdir(), "planted-nrf-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	test.each([
		["the controller stays open", "  NVMC_CONFIG = READ_ONLY;\n", ""],
		["nobody waits for the end", "  while ((NVMC_READY & 1u) == 0) {\n  }\n", ""],
		["octets are written as octets", "FLASH_CELL(uint32_t, address) = value", "FLASH_CELL(uint8_t, address) = value"],
		["the rest of a word is cleared", "uint32_t value = UINT32_MAX;", "uint32_t value = 0;"],
		["the page before is erased", "= address;\n", "= address - SECTOR_SIZE;\n"],
		["the key is a page of the store", "? KEY_SECTOR :", "? FIRST_STORE_SECTOR :"],
		[
			"a word that failed is not noticed",
			"return -1;\n  }\n  return 0;\n}\n\nint32_t board_flash_erase",
			"{}\n  }\n  return 0;\n}\n\nint32_t board_flash_erase",
		],
	])("%s", (_name, from, to) => {
		const source = readFileSync(`${nrf}/flash_board.c`, "utf8");
		expect(source).toContain(from);
		const path = join(folder, "flash_board.c");
		writeFileSync(path, source.replace(from, to));
		const faulty = new Driver(path);
		const octets = Buffer.from("octets at odd places");
		faulty.program(0, 1, octets);
		const programmed = faulty.read(0, 1, octets.length).equals(octets);
		faulty.compiled.set("fail_at", faulty.compiled.get("operations"));
		const told = faulty.program(0, 64, octets) !== 0;
		faulty.compiled.set("fail_at", 0xffffffff);
		faulty.erase(KEY_SECTOR);
		const erased = faulty.compiled.get("last_erased") === KEY_PAGE;
		expect(programmed && told && erased && faulty.keptTheRules).toBe(false);
	});
});
