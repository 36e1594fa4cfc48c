import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { CompiledC } from "../../support/compile-wasm.ts";

const common = "firmware/boards/common";
const stm32 = "firmware/boards/stm32f405";
const here = "test/firmware/boards/drivers";
const include = [common, stm32, `${stm32}/boot`, "firmware/boot", "firmware/contract/generated"];
const others = [`${stm32}/areas.c`, `${stm32}/boot/protect_board.c`, `${here}/controller.cpp`];

/** Offsets from the start of the flash: sectors 10 and 11 are the store's, 9 is the device root key's. */
const STORE = 0xc0000;
const SECTOR = 0x20000;
const KEY = 0xa0000;
const KEY_SECTOR = -1;

describe("the flash driver of the STM32F4 on a model of its controller that counts violations", () => {
	const compile = (source: string): CompiledC =>
		new CompiledC([source, ...others], [...include, here], `${here}/controller.hpp`);
	const driver = compile(`${stm32}/flash_board.c`);
	const flash = (at: number, length: number): Buffer => driver.octets(driver.call("model_flash") + at, length);
	const program = (sector: number, offset: number, octets: Uint8Array): number =>
		driver.call("board_flash_program", sector, offset, driver.put(octets), octets.length);
	const read = (sector: number, offset: number, length: number): Buffer => {
		const at = driver.put(new Uint8Array(length));
		expect(driver.call("board_flash_read", sector, offset, at, length)).toBe(0);
		return Buffer.from(driver.octets(at, length));
	};
	beforeEach(() => driver.call("model_reset"));

	test("programs words where it can, octets at the edges, and reads what is there now", () => {
		fc.assert(
			fc.property(
				fc.constantFrom(0, 1, KEY_SECTOR),
				fc.nat(2000),
				fc.uint8Array({ minLength: 1, maxLength: 300 }),
				fc.uint8Array({ minLength: 1, maxLength: 300 }),
				(sector, offset, first, second) => {
					driver.call("model_reset");
					// What was read before stands in the data cache.
					expect(read(sector, offset, 300).every((octet) => octet === 0xff)).toBe(true);
					expect(program(sector, offset, first)).toBe(0);
					expect(program(sector, offset, second)).toBe(0);
					const expected = Buffer.alloc(300, 0xff);
					for (const octets of [first, second])
						for (const [n, octet] of octets.entries()) expected[n] = (expected[n] as number) & octet;
					expect(read(sector, offset, 300).equals(expected)).toBe(true);
					const base = sector === KEY_SECTOR ? KEY : STORE + sector * SECTOR;
					expect(flash(base + offset, 300).equals(expected)).toBe(true);
					expect(driver.get("violations")).toBe(0);
					expect(driver.call("model_locked")).toBe(1);
				},
			),
		);
	});

	test("erases the sector that it is told, and no other one", () => {
		for (const [sector, number] of [
			[0, 10],
			[1, 11],
			[KEY_SECTOR, 9],
		] as const) {
			driver.call("model_reset");
			flash(0, 0x100000).fill(0);
			expect(read(sector, 0, 4)).toEqual(Buffer.alloc(4));
			expect(driver.call("board_flash_erase", sector)).toBe(0);
			expect(driver.get("erased_sectors")).toBe(1 << number);
			expect(read(sector, 0, 4)).toEqual(Buffer.alloc(4, 0xff));
			expect(flash(0, KEY).every((octet) => octet === 0)).toBe(true);
			expect(driver.get("violations")).toBe(0);
		}
	});

	test("slots and boot records lie in the sectors that board.json names, and are erased apart from each other", () => {
		const { flash: map } = JSON.parse(readFileSync(`${stm32}/board.json`, "utf8"));
		const at = (sector: number): number =>
			map.sectors.slice(0, sector).reduce((sum: number, size: number) => sum + size, 0);
		const bits = (sectors: readonly number[]): number => sectors.reduce((sum, sector) => sum | (1 << sector), 0);
		for (const [slot, sectors] of map.slots.entries()) {
			driver.call("model_reset");
			expect(driver.call("boot_slot_address", slot) >>> 0).toBe(Number(map.base) + at(sectors[0]));
			expect(driver.call("boot_slot_size")).toBe(at(sectors.at(-1) + 1) - at(sectors[0]));
			expect(driver.call("boot_slot_erase", slot)).toBe(0);
			expect(driver.get("erased_sectors")).toBe(bits(sectors));
		}
		for (const [half, sector] of map.bootRecords.entries()) {
			driver.call("model_reset");
			flash(0, 0x100000).fill(0);
			expect(driver.call("boot_records_erase", half)).toBe(0);
			expect(driver.get("erased_sectors")).toBe(1 << sector);
			const octets = Buffer.from("record");
			expect(driver.call("boot_records_program", half, 16, driver.put(octets), octets.length)).toBe(0);
			expect(flash(at(sector) + 16, octets.length)).toEqual(octets);
		}
		expect([...map.rootKey, ...map.store]).toEqual([9, 10, 11]);
		expect(map.bootStage).toEqual([0]);
		expect(driver.get("violations")).toBe(0);
	});

	test("the boot stage's sector is protected once for all: nothing else of the option bytes changes, and no other sector", () => {
		const before = driver.get("options");
		expect(driver.call("chip_erase", 0)).toBe(0);
		driver.call("protect_boot_sector");
		expect(driver.get("options")).toBe(before & ~(1 << 16));
		expect(driver.call("chip_erase", 0)).not.toBe(0);
		expect(driver.call("chip_program", 100, driver.put(Buffer.from("over")), 4)).not.toBe(0);
		expect(flash(100, 4).toString("hex")).toBe("ffffffff");
		expect(driver.call("chip_erase", 1)).toBe(0);
		driver.call("protect_boot_sector");
		expect(driver.get("options_programmed")).toBe(1);
		expect(driver.get("violations")).toBe(0);
	});

	test.each([
		["write protection", 1 << 4],
		["alignment", 1 << 5],
		["parallelism", 1 << 6],
		["sequence", 1 << 7],
		["operation", 1 << 1],
	])("an error of the controller (%s) is told, and the next operation works", (_name, bit) => {
		driver.set("fail_at", 3);
		driver.set("fail_with", bit);
		expect(program(0, 0, randomBytes(64))).not.toBe(0);
		expect(driver.get("operations")).toBe(4);
		expect(program(0, 64, Buffer.from("good"))).toBe(0);
		driver.set("fail_at", driver.get("operations"));
		expect(driver.call("board_flash_erase", 0)).not.toBe(0);
		driver.set("fail_at", 0xffffffff);
		expect(driver.call("board_flash_erase", 0)).toBe(0);
		expect(driver.get("violations")).toBe(0);
	});
});

describe("faults planted in the flash driver are found by the model", () => {
	const folder = mkdtempSync(join(tmpdir(), "planted-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	test.each([
		["the data cache is not reset", "  FLASH_ACR |= ACR_DATA_CACHE_RESET;\n", ""],
		["the controller stays unlocked", "  FLASH_CR = CR_LOCK;\n", ""],
		["nobody waits for the end", "  while (FLASH_SR & SR_BUSY) {\n  }\n", ""],
		["an octet is written as a word", "(word ? CR_WORD : CR_OCTET)", "CR_WORD"],
		["the sector before is erased", "CR_SECTOR(sector)", "CR_SECTOR(sector - 1)"],
		["a word may be anywhere", "to % 4 == 0 && length", "length"],
	])("%s", (_name, from, to) => {
		const source = readFileSync(`${stm32}/flash_board.c`, "utf8");
		expect(source).toContain(from);
		const path = join(folder, "flash_board.c");
		writeFileSync(path, source.replace(from, to));
		const faulty = new CompiledC([path, ...others], [...include, here], `${here}/controller.hpp`);
		faulty.call("model_reset");
		const octets = Buffer.from("octets of any kind");
		const read = (): Buffer => {
			const at = faulty.put(new Uint8Array(octets.length));
			faulty.call("board_flash_read", 0, 1, at, octets.length);
			return Buffer.from(faulty.octets(at, octets.length));
		};
		read();
		faulty.call("board_flash_program", 0, 1, faulty.put(octets), octets.length);
		const programmed = read();
		faulty.call("board_flash_erase", 0);
		const good =
			programmed.equals(octets) &&
			faulty.get("violations") === 0 &&
			faulty.call("model_locked") === 1 &&
			faulty.get("erased_sectors") === 1 << 10;
		expect(good).toBe(false);
	});
});

describe("health tests of a noise source (SP 800-90B clause 4.4)", () => {
	const health = new CompiledC([`${common}/health.c`], [common]);
	beforeEach(() => health.call("health_reset"));
	const feed = (octets: Uint8Array): number => {
		const samples = Buffer.from(octets);
		for (let at = 0; at < octets.length; at += 4) {
			const failed = health.call("health_check", samples.readUInt32LE(at));
			if (failed !== 0) return at;
		}
		return -1;
	};

	test("a good source passes", () => expect(feed(randomBytes(400_000))).toBe(-1));
	test("repetition count: one that got stuck is found within 31 octets", () =>
		expect(feed(Buffer.concat([randomBytes(64), Buffer.alloc(64, 7)]))).toBeLessThanOrEqual(64 + 32));
	test("adaptive proportion: one that gives the same octet two times in three is found", () => {
		const biased = Buffer.from(randomBytes(4096).map((octet, n) => (n % 3 === 0 ? octet : 7)));
		expect(feed(biased)).toBeGreaterThan(0);
	});
	test("it stays found until it is reset", () => {
		feed(Buffer.alloc(64));
		expect(health.call("health_check", 0x12345678)).not.toBe(0);
		health.call("health_reset");
		expect(health.call("health_check", 0x12345678)).toBe(0);
	});
});

describe("the device root key, made at the first boot", () => {
	const board = () => {
		const compiled = new CompiledC([`${common}/root_key.c`, `${here}/root-key.c`], [common, "firmware/crypto"]);
		compiled.octets(compiled.address("cells"), 3 * 16384).fill(0xff);
		return compiled;
	};
	const ask = (compiled: CompiledC): { result: number; key: Buffer } => {
		const at = compiled.put(new Uint8Array(32));
		const result = compiled.call("board_root_key", at, 32);
		return { result, key: Buffer.from(compiled.octets(at, 32)) };
	};

	test("is made once, and is the same at each boot", () => {
		const compiled = board();
		const first = ask(compiled);
		expect(first.result).toBe(0);
		expect(ask(compiled)).toEqual(first);
		expect(compiled.octets(compiled.address("drawn"), 1)[0]).toBe(1);
	});

	test("a power cut at any octet: the next boot makes another one", () => {
		const compiled = board();
		for (let octets = 0; octets < 68; octets++) {
			compiled.octets(compiled.address("cells"), 16384).fill(0xff);
			compiled.set("power", octets);
			expect(() => ask(compiled)).toThrow();
			compiled.set("power", 0xffffffff);
			const made = ask(compiled);
			expect(made.result, `cut after ${octets} octets`).toBe(0);
			expect(ask(compiled)).toEqual(made);
			expect(compiled.octets(compiled.address("cells") + 64, 4)).toEqual(Buffer.alloc(4));
		}
	});

	test("a key without its mark sealed nothing: a cell that reads whole once is not relied on", () => {
		const compiled = board();
		compiled.set("power", 64);
		expect(() => ask(compiled)).toThrow();
		const weak = Buffer.from(compiled.octets(compiled.address("cells"), 32));
		compiled.set("power", 0xffffffff);
		expect(ask(compiled).key.equals(weak)).toBe(false);
	});

	test("a broken key beside a store that has been used is damage, and no new key hides it", () => {
		const compiled = board();
		expect(ask(compiled).result).toBe(0);
		compiled.octets(compiled.address("cells"), 1)[0] ^= 1;
		compiled.octets(compiled.address("cells") + 16384, 4).fill(0);
		const before = Buffer.from(compiled.octets(compiled.address("cells"), 64));
		expect(ask(compiled).result).toBeLessThan(0);
		expect(compiled.octets(compiled.address("cells"), 64).equals(before)).toBe(true);
	});

	test("without entropy there is no key", () => {
		const compiled = board();
		compiled.set("entropy_result", -1);
		expect(ask(compiled).result).toBeLessThan(0);
		expect(compiled.octets(compiled.address("cells"), 64).every((octet) => octet === 0xff)).toBe(true);
	});
});
