import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { bootLibrary, bootSources } from "./boot-wasm.mjs";
import { encodeBundle, release, signedImage } from "./bundle.mjs";
import { run } from "./run.mjs";

const HEADER_SIZE = 512;

const sum = (sectors, upTo) => sectors.slice(0, upTo).reduce((total, size) => total + size, 0);

/** Where a sector of a board's flash begins. */
export const sectorAddress = ({ base, sectors }, sector) => Number(base) + sum(sectors, sector);

/** Where the images of a board lie, each with the octets that it may take: its slots, or the one place that there is. */
export function imagePlaces({ flash }) {
	const sizeOf = (numbers) => numbers.reduce((total, number) => total + flash.sectors[number], 0);
	if (flash.slots)
		return flash.slots.map((numbers) => ({ address: sectorAddress(flash, numbers[0]), size: sizeOf(numbers) }));
	const end = Math.min(...flash.rootKey, ...flash.store);
	return [{ address: Number(flash.base), size: sum(flash.sectors, end) }];
}

/** What tells a compiler where the boot stage lies, so that the firmware keeps off it. */
export function bootStageFlags({ flash }) {
	if (!flash?.bootStage) return [];
	const size = flash.bootStage.reduce((total, number) => total + flash.sectors[number], 0);
	return [`-DBOOT_STAGE_AT=${sectorAddress(flash, flash.bootStage[0])}u`, `-DBOOT_STAGE_SIZE=${size}u`];
}

/** A board's linker script for an image that begins behind the header in a slot. */
export function slotScript(script, { address, size }) {
	const text = readFileSync(script, "utf8");
	const code = /CODE \(rx\) : ORIGIN = \w+, LENGTH = \w+/;
	if (!code.test(text)) throw new Error(`${script} has no line for CODE as others have`);
	const origin = `0x${(address + HEADER_SIZE).toString(16)}`;
	return text.replace(code, `CODE (rx) : ORIGIN = ${origin}, LENGTH = ${size - HEADER_SIZE}`);
}

/**
 * Builds `boot.elf` and `boot.bin`: the board's own files of the boot stage (folders `boot` of its layers), its drivers,
 * the boot logic, and what verifies.
 */
export async function buildBootStage({
	root,
	output,
	layers,
	variant,
	prefix,
	flags,
	filesIn,
	isOfVariant,
	source,
	key,
}) {
	const objects = join(output, "boot");
	rmSync(objects, { recursive: true, force: true });
	mkdirSync(objects, { recursive: true });
	const own = layers
		.flatMap((folder) => filesIn(join(folder, "boot"), /\.c$/))
		.filter((file) => isOfVariant(file, variant));
	const drivers = ["areas.c", "clock_board.c", "clock_qemu.c", "flash_board.c", "flash_qemu.c", "uart.c"];
	const hosts = ["semihosting.c", "power_qemu.c", "flash_file_qemu.c"];
	const shared = layers
		.flatMap((folder) => filesIn(folder, /\.c$/))
		.filter((file) => [...drivers, ...hosts].includes(basename(file)) && isOfVariant(file, variant))
		.filter((file, _n, all) => all.findLast((other) => basename(other) === basename(file)) === file);
	const all = [...own, ...shared, ...bootSources(root), key, ...bootLibrary(source)];
	const library = new Set(bootLibrary(source));
	for (const file of all) {
		const strict = library.has(file) ? ["-w", "-DMBEDTLS_SHA256_SMALLER"] : ["-Wall", "-Wextra", "-Werror"];
		await run(`${prefix}gcc`, [
			...flags,
			"-DBOOT_STAGE",
			...strict,
			"-c",
			file,
			"-o",
			join(objects, `${basename(file)}.o`),
		]);
	}
	const elf = join(output, "boot.elf");
	const script = layers
		.map((folder) => join(folder, "boot", "boot.ld"))
		.findLast((file) => filesIn(join(file, ".."), /\.ld$/).length > 0);
	await run(
		`${prefix}gcc`,
		[
			...[...flags, "-nostartfiles", `-T${script}`, "-Wl,--gc-sections", "-Wl,--build-id=none"],
			...[
				`-Wl,-Map=${join(output, "boot.map")}`,
				...all.map((file) => relative(output, join(objects, `${basename(file)}.o`))),
			],
			...["-o", elf],
		],
		{ cwd: output },
	);
	await run(`${prefix}objcopy`, ["-O", "binary", elf, join(output, "boot.bin")]);
	return readFileSync(join(output, "boot.bin"));
}

/** Signs the images of a board for their places, and writes `tre.bundle`. */
export async function writeBundle(root, { board, output, bootStage, images, places, key }) {
	const slots = [];
	for (const [n, { address }] of places.entries())
		slots.push(await signedImage(root, { board, address, image: images[n], ...release(root) }, key));
	writeFileSync(join(output, "tre.bundle"), await encodeBundle(root, { board, bootStage, slots }));
}
