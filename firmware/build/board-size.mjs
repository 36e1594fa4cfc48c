import { readFileSync } from "node:fs";
import { run } from "./run.mjs";

/** Whose octets they are, by the object that the linker took them from. */
const owners = [
	["TRE (tre.wasm through wasm2c)", /tre\.c\.o$/],
	["crypto boundary (firmware/crypto)", /crypto\/(tre_\w+)\.c\.o$/],
	["Mbed TLS", /crypto\/\w+\.c\.o$/],
	["board (firmware/boards, firmware/boot)", /objects\/[\w-]+\.c\.o$/],
	["libc and compiler support", /\.a\(/],
];

/** Input sections of the image as the linker placed them: a name, an address, a size and the object. */
function* placed(map) {
	const layout = map.slice(map.indexOf("Linker script and memory map"));
	const pattern = /^ (\.[\w.$-]+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$/gm;
	for (const [, section, address, size, object] of layout.matchAll(pattern))
		yield { section, address: Number.parseInt(address, 16), size: Number.parseInt(size, 16), object };
}

/**
 * Octets of an image: in flash and RAM in all, by the linker's sections, and of the code and constants by whose they
 * are. what the linker merges or adds between them stands apart.
 */
export async function measure(sizeTool, elf, mapFile) {
	const table = await run(sizeTool, ["-A", elf]);
	const size = (name) => Number(new RegExp(`^\\.${name}\\s+(\\d+)`, "m").exec(table)?.[1] ?? 0);
	const names = ["vectors", "text", "crypto_data", "data", "stack", "noinit", "crypto_bss", "page", "bss"];
	const sections = Object.fromEntries(names.map((name) => [name, size(name)]));
	const { vectors, text, crypto_data, data, stack, noinit, crypto_bss, page, bss } = sections;
	const code = Object.fromEntries(owners.map(([name]) => [name, 0]));
	let owned = 0;
	for (const { section, size: octets, object } of placed(readFileSync(mapFile, "utf8"))) {
		const owner = owners.find(([, pattern]) => pattern.test(object));
		if (!owner || !/^\.(text|rodata|vectors)/.test(section)) continue;
		code[owner[0]] += octets;
		owned += octets;
	}
	return {
		flash: vectors + text + crypto_data + data,
		ram: crypto_data + data + stack + noinit + crypto_bss + page + bss,
		code: { ...code, "merged constants, alignment": vectors + text - owned },
		sections,
	};
}

const row = (name, octets) => `  ${name.padEnd(36)}${String(octets).padStart(7)}`;

const ofBudget = (octets, budget) =>
	budget === undefined ? "" : ` of ${budget} (${((100 * octets) / budget).toFixed(1)} %)`;

/** The same for people, and for a review that sees what grows. */
export function sizeReport(board, variant, { flash, ram, code, sections }, budget = {}) {
	const { stack, crypto_bss, crypto_data, page, data, bss, noinit } = sections;
	return [
		`${board} (${variant}), octets`,
		"",
		`flash ${flash}${ofBudget(flash, budget.flash)}`,
		...Object.entries(code).map(([name, octets]) => row(name, octets)),
		row("initial data", crypto_data + data),
		"",
		`RAM ${ram}${ofBudget(ram, budget.ram)}`,
		row("memory of tre.wasm", page),
		row("crypto side, heap of Mbed TLS in it", crypto_bss + crypto_data),
		row("stacks", stack),
		row("board", data + bss + noinit),
		"",
	].join("\n");
}
