import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { boards, buildBoard } from "../../../firmware/build/board-firmware.mjs";

const root = resolve(".");
const all = Object.entries(boards(root)).flatMap(([name, { variants }]) =>
	variants.map((variant) => [name, variant] as const),
);

describe("while the STM32F4's one bank of flash is busy", () => {
	test("interrupts, what they call and the wait itself lie in RAM, and lead nowhere else", () => {
		const elf = join(root, "build/boards/stm32f405/board/tre.elf");
		const code = execFileSync("arm-none-eabi-objdump", ["-d", "-j", ".data", elf], { encoding: "utf8" });
		for (const name of ["run", "uart_interrupt", "line_received", "systick_interrupt", "board_watchdog_feed"])
			expect(code, name).toMatch(new RegExp(`^2[0-9a-f]{7} <${name}>:$`, "m"));
		// Branches and constants alike: an address in flash begins with 08.
		expect(code).not.toMatch(/\b(0x)?08[0-9a-f]{6}\b/);
	});
});

describe.each(all)("the firmware of %s (%s)", (name, variant) => {
	const folder = mkdtempSync(join(tmpdir(), "firmware-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	test("two builds, in two folders, give the same octets", async () => {
		const again = await buildBoard(root, name, variant, () => undefined, { folder });
		for (const file of ["tre.elf", "tre.bin", "tre.hex"]) {
			const [first, second] = [join(root, "build/boards", name, variant), again].map((one) =>
				readFileSync(join(one, file)),
			);
			expect(first?.equals(second as Buffer), file).toBe(true);
		}
	});

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
