import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { boards, buildBoard } from "../../../firmware/build/board-firmware.mjs";
import { symbolsOf } from "../../support/elf.ts";
import { full } from "../../support/long-form.ts";

const root = resolve(".");
const all = Object.entries(boards(root)).flatMap(([name, { variants }]) =>
	variants.map((variant) => [name, variant] as const),
);

describe.each(["stm32f405", "nrf52840-dk"])("while the one bank of flash of %s is busy", (name) => {
	test("interrupts, what they call and the wait itself lie in RAM, and lead nowhere else", () => {
		const elf = join(root, "build/boards", name, "board/tre.elf");
		const symbols = symbolsOf(elf);
		const [start, end] = ["__data_start", "__data_end"].map((one) => symbols.get(one)) as [number, number];
		const inRam = (address: number): boolean => address >= start && address < end;
		for (const one of ["run", "uart_interrupt", "line_received", "time_interrupt", "board_watchdog_feed"])
			expect(inRam(symbols.get(one) ?? 0), one).toBe(true);
		// Branches, and constants that are the address of a function.
		const code = execFileSync("arm-none-eabi-objdump", ["-d", "-j", ".data", elf], { encoding: "utf8" });
		const numbers = (pattern: RegExp): number[] =>
			[...code.matchAll(pattern)].map(([, digits]) => Number.parseInt(digits as string, 16));
		const branches = numbers(/\tb\S*\s+([0-9a-f]+) </g);
		expect(branches.length).toBeGreaterThan(0);
		const functions = new Set([...symbols.values()].map((address) => address | 1));
		const pointers = numbers(/\.word\t0x([0-9a-f]{8})/g).filter((word) => functions.has(word) && word % 2 === 1);
		for (const to of [...branches, ...pointers]) expect(inRam(to), to.toString(16)).toBe(true);
	});
});

/** One of each compiler in the short form. */
const builtAgain = full ? all : all.filter(([name]) => name === "stm32f405" || name === "riscv-virt");

describe("a build is of its sources alone", () => {
	// One for all: boards of one core share what is compiled for it.
	const folder = mkdtempSync(join(tmpdir(), "firmware-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	test.each(builtAgain)("%s (%s): two builds, in two folders, give the same octets", async (name, variant) => {
		const again = await buildBoard(root, name, variant, () => undefined, { folder });
		for (const file of ["tre.elf", "tre.bin", "tre.hex"]) {
			const [first, second] = [join(root, "build/boards", name, variant), again].map((one) =>
				readFileSync(join(one, file)),
			);
			expect(first?.equals(second as Buffer), file).toBe(true);
		}
	});
});

describe.each(all)("the firmware of %s (%s)", (name, variant) => {
	test("its size is the committed one; npm run firmware -- --board … --keep-size takes over a new one", () => {
		const built = readFileSync(join(root, "build/boards", name, variant, "size.txt"), "utf8");
		expect(built).toBe(readFileSync(join(root, "firmware/boards", name, `size-${variant}.txt`), "utf8"));
	});

	test("what a trap puts back lies where it is put back from: initial data, heap and state of the crypto side", () => {
		const size = JSON.parse(readFileSync(join(root, "build/boards", name, variant, "size.json"), "utf8"));
		expect(size.sections.crypto_data).toBeGreaterThan(0);
		expect(size.sections.crypto_bss).toBeGreaterThan(16 * 1024);
		// Link-time optimisation would give the objects other names, and leave both sections empty.
		const map = readFileSync(join(root, "build/boards", name, variant, "tre.map"), "utf8");
		const section = (of: string): string =>
			new RegExp(`^\\.${of} .*?(?=^\\.\\w|^/DISCARD/)`, "ms").exec(map)?.[0] ?? "";
		for (const of of ["data", "bss"]) {
			expect(section(`crypto_${of}`), of).toMatch(/crypto\/\w+\.c\.o/);
			expect(section(of), of).not.toMatch(/crypto\/\w+\.c\.o/);
		}
	});

	test("flash and RAM keep within their budget", () => {
		const { budget } = boards(root)[name] as { budget?: { flash: number; ram: number } };
		const size = JSON.parse(readFileSync(join(root, "build/boards", name, variant, "size.json"), "utf8"));
		if (budget) {
			expect(size.flash).toBeLessThanOrEqual(budget.flash);
			expect(size.ram).toBeLessThanOrEqual(budget.ram);
		}
		expect(size.sections.page).toBe(65_536);
	});
});
