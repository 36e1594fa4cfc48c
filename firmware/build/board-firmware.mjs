import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { bootStageFlags, buildBootStage, imagePlaces, slotScript, writeBundle } from "./board-bundle.mjs";
import { measure, sizeReport } from "./board-size.mjs";
import { bootFlags, bootLibrary, bootSources } from "./boot-wasm.mjs";
import { cryptoImports } from "./crypto-imports.mjs";
import { espImage, placeOf } from "./esp-image.mjs";
import { MBEDTLS, mbedtlsFlags, mbedtlsLibrary, mbedtlsSource } from "./mbedtls-source.mjs";
import { inParallel, run } from "./run.mjs";
import { upToDate } from "./stamp.mjs";
import { thinC } from "./thin-c.mjs";
import { toolchainOf } from "./toolchain.mjs";
import { updateKey, updateKeySource } from "./update-key.mjs";

const DEFAULT_BAUD = 115_200;

const boardsOf = (root) => join(root, "firmware", "boards");

/** Boards by name: what their `board.json` says. */
export function boards(root) {
	const folders = readdirSync(boardsOf(root)).filter((name) => existsSync(join(boardsOf(root), name, "board.json")));
	return Object.fromEntries(
		folders.sort().map((name) => [name, JSON.parse(readFileSync(join(boardsOf(root), name, "board.json"), "utf8"))]),
	);
}

const filesIn = (folder, pattern) =>
	(existsSync(folder) ? readdirSync(folder) : [])
		.filter((name) => pattern.test(name))
		.sort()
		.map((name) => join(folder, name));

/** Folders that a board is made of, the nearest one last: its file stands in for one of the same name before it. */
const layersOf = (root, board, { core, like }) =>
	["common", toolchainOf(core).folder, ...(like === undefined ? [] : [like]), board].map((name) =>
		join(boardsOf(root), name),
	);

/** Sources of a board in a variant, and with slots or without. */
function sourcesOf(root, board, shape, variant) {
	const files = layersOf(root, board, shape).flatMap((folder) => filesIn(folder, /\.c$/));
	const nearest = new Map(files.map((file) => [basename(file), file]));
	const updates = hasBootStage(shape) ? "slots" : "none";
	return [...nearest.values()].filter(
		(file) => isOfVariant(file, variant) && (/update_(slots|none)\.c$/.exec(file)?.[1] ?? updates) === updates,
	);
}

/** NAME_board.c and NAME_qemu.c are of that variant alone. */
function isOfVariant(file, variant) {
	const only = /_(board|qemu)\.c$/.exec(file)?.[1];
	return only === undefined ? !/semihosting\.c$/.test(file) || variant === "qemu" : only === variant;
}

export const hasBootStage = (shape) => shape.flash?.bootStage !== undefined;

/** `tre.wasm` as C, the file that every board compiles. */
async function translate(root, build) {
	const output = join(build, "tre.c");
	const thinner = join(root, "firmware", "build", "thin-c.mjs");
	await upToDate(output, [join(root, "build", "tre.wasm"), thinner], ["wasm2c"], async () => {
		await run("wasm2c", [join(root, "build", "tre.wasm"), "--module-name=tre", "-o", output]);
		writeFileSync(output, thinC(readFileSync(output, "utf8")));
	});
	const { surface } = await import(pathToFileURL(join(root, "build/js/firmware/crypto/surface.js")).href);
	writeFileSync(join(build, "crypto_imports.c"), cryptoImports(surface));
}

/** What each compiler call has in common. No path of the machine gets into the octets. */
const flagsOf = (root, { core }) => [
	...toolchainOf(core).flags,
	...["-ffunction-sections", "-fdata-sections", "-fno-common", `-ffile-prefix-map=${root}=.`, "-DNDEBUG"],
];

/** Mbed TLS and `firmware/crypto` for a core; all boards with that core link the same objects. */
async function compileCrypto(root, shape, folder, progress) {
	const room = join(root, "firmware", "crypto");
	const own = filesIn(room, /\.c$/).filter((file) => !file.endsWith("platform_wasm.c"));
	const marker = join(folder, ".built");
	const builders = ["board-firmware.mjs", "toolchain.mjs"].map((name) => join(root, "firmware", "build", name));
	const inputs = [...own, ...filesIn(room, /\.h$/), ...builders];
	await upToDate(marker, inputs, [MBEDTLS.sha256, process.env.MBEDTLS_DIR ?? "", shape.core], async () => {
		const source = await mbedtlsSource(join(root, "build"), progress);
		progress(`compiling Mbed TLS for ${shape.core}`);
		const objects = join(folder, "crypto");
		rmSync(objects, { recursive: true, force: true });
		mkdirSync(objects, { recursive: true });
		const flags = [...flagsOf(root, shape), "-Wall", ...mbedtlsFlags(room, source)];
		await inParallel([...mbedtlsLibrary(source), ...own], cpus().length, (file) =>
			run(`${toolchainOf(shape.core).prefix}gcc`, [
				...flags,
				...(own.includes(file) ? ["-Wextra", "-Werror"] : []),
				...["-c", file, "-o", join(objects, `${basename(file)}.o`)],
			]),
		);
		writeFileSync(marker, "");
	});
}

/** What the board's own files are compiled with. */
const boardFlags = (root, { board, shape, build, baud, model, source }) => [
	...flagsOf(root, shape),
	...[...layersOf(root, board, shape).reverse(), build].map((folder) => `-I${folder}`),
	...bootFlags(root, source),
	...[`-DBOARD_NAME="${board}"`, `-DBOARD_UART_IRQ=${shape.uartIrq}`, `-DBOARD_BAUD=${baud}u`],
	...bootStageFlags(shape),
	...(model === undefined ? [] : [`-DMODEL_${model.replaceAll("-", "_")}`]),
];

/** The boot logic as the firmware has it: Mbed TLS's SHA-256 is there already. */
function bootParts(root, { shape, output, source }) {
	if (!hasBootStage(shape)) return { own: [], library: [] };
	const library = bootLibrary(source).filter((file) => file.includes("p256-m"));
	return { own: bootSources(root), library: [...library, join(output, "update_key.c")] };
}

/** Objects of what is not the crypto side, in the order in which they are linked. */
async function compileBoard(root, what) {
	const { board, variant, shape, build, output, others } = what;
	const { prefix } = toolchainOf(shape.core);
	const flags = boardFlags(root, what);
	const boot = bootParts(root, what);
	const generated = [join(build, "tre.c"), join(build, "crypto_imports.c"), ...boot.library];
	const replaced = new Set(others.map((file) => basename(file)));
	const own = [...sourcesOf(root, board, shape, variant), ...boot.own].filter((file) => !replaced.has(basename(file)));
	const objects = join(output, "objects");
	rmSync(objects, { recursive: true, force: true });
	mkdirSync(objects, { recursive: true });
	const object = (file) => join(objects, `${basename(file)}.o`);
	const sources = [...generated, ...own, ...others];
	await inParallel(sources, cpus().length, (file) => {
		const warnings = own.includes(file) ? ["-Wall", "-Wextra", "-Werror"] : ["-w"];
		return run(`${prefix}gcc`, [...flags, ...warnings, "-c", file, "-o", object(file)]);
	});
	return sources.map(object);
}

/** Object paths are told relative to the output, so that its own path is nowhere in it. */
async function link(root, { board, shape, core, output, wrap }, objects, name, script) {
	const crypto = filesIn(join(core, "crypto"), /\.o$/);
	const elf = join(output, `${name}.elf`);
	const layers = layersOf(root, board, shape).reverse();
	await run(
		`${toolchainOf(shape.core).prefix}gcc`,
		[
			...[...flagsOf(root, shape), "-nostartfiles"],
			...[...layers.map((folder) => `-L${folder}`), `-T${script}`],
			...[
				"-Wl,--gc-sections",
				"-Wl,--build-id=none",
				...wrap.map((name) => `-Wl,--wrap=${name}`),
				`-Wl,-Map=${join(output, `${name}.map`)}`,
			],
			...[...objects, ...crypto].map((file) => relative(output, file)),
			...["-o", elf],
		],
		{ cwd: output },
	);
	return elf;
}

/** The nearest linker script of a board. */
const scriptOf = (root, board, shape) =>
	layersOf(root, board, shape)
		.map((folder) => join(folder, "board.ld"))
		.findLast((file) => existsSync(file));

/**
 * `tre.bundle`, what a board is flashed and updated with: the same objects linked for each slot, and the boot stage; without
 * one the image that there is.
 */
async function bundle(root, what, objects, progress) {
	const { board, variant, shape, output, key, source } = what;
	const places = imagePlaces(shape);
	if (!hasBootStage(shape)) {
		const images = [readFileSync(join(output, "tre.bin"))];
		await writeBundle(root, { board, output, bootStage: new Uint8Array(0), images, places, key });
		return;
	}
	progress(`building boot stage and slots of ${board} (${variant})`);
	const { prefix } = toolchainOf(shape.core);
	const images = [];
	for (const [n, place] of places.entries()) {
		const name = `slot-${"ab"[n]}`;
		const script = join(output, `${name}.ld`);
		writeFileSync(script, slotScript(scriptOf(root, board, shape), place));
		const elf = await link(root, what, objects, name, script);
		await run(`${prefix}objcopy`, ["-O", "binary", elf, join(output, `${name}.bin`)]);
		images.push(readFileSync(join(output, `${name}.bin`)));
	}
	const layers = layersOf(root, board, shape);
	const parts = { root, output, layers, variant, prefix, filesIn, isOfVariant, source };
	const bootStage = await buildBootStage({
		...parts,
		flags: [...boardFlags(root, what), ...layers.toReversed().map((folder) => `-I${join(folder, "boot")}`)],
		key: join(output, "update_key.c"),
	});
	await writeBundle(root, { board, output, bootStage, images, places, key });
}

/** There is no such firmware; the message says which there are. */
export class NoSuchFirmware extends Error {}

/** What a firmware is made of, checked: board and variant, the model that the board is, the rate of its serial port. */
export function chosenFirmware(root, board, { variant, model, baud = DEFAULT_BAUD } = {}) {
	const all = boards(root);
	if (!Object.hasOwn(all, board))
		throw new NoSuchFirmware(`no board "${board}"; there are: ${Object.keys(all).join(", ")}`);
	const shape = all[board];
	const { variants, models = [] } = shape;
	const chosen = variant ?? variants[0];
	if (!variants.includes(chosen))
		throw new NoSuchFirmware(`${board} has no variant "${chosen}"; it has: ${variants.join(", ")}`);
	if (model !== undefined && !models.includes(model))
		throw new NoSuchFirmware(`${board} has no model "${model}"; it has: ${models.join(", ") || "none"}`);
	const [slowest, fastest] = shape.baud;
	if (!(Number.isInteger(baud) && baud >= slowest && baud <= fastest))
		throw new NoSuchFirmware(`the UART of ${board} takes ${slowest} to ${fastest} baud, and not ${baud}`);
	return { shape, variant: chosen, baud };
}

/**
 * Builds the firmware of a board: `tre.elf`, `tre.bin`, `tre.hex` and its size (`size.json`, `size.txt`) in the folder
 * that it resolves to. `variant` is `board` or `qemu`.
 */
export async function buildBoard(root, board, variant, progress, options = {}) {
	const { model, sources: others = [], wrap = [], folder = join(root, "build", "boards"), updateKeyFile } = options;
	const { shape, baud } = chosenFirmware(root, board, { variant, model, baud: options.baud });
	const build = join(folder, board);
	const output = join(build, variant);
	const core = join(folder, shape.core);
	const key = updateKey(root, updateKeyFile);
	const { prefix } = toolchainOf(shape.core);
	const inputs = [
		...["build/tre.wasm", "build/js/firmware/crypto", "build/js/firmware/contract/image.js", "firmware/crypto"],
		...["firmware/build", "firmware/boot", "firmware/contract/generated/image.h", "package.json"],
	].map((path) => join(root, path));
	const layers = [...layersOf(root, board, shape)];
	const signer = key.signer.toString("hex");
	const words = [MBEDTLS.sha256, process.env.MBEDTLS_DIR ?? "", String(baud), model ?? "", signer, ...wrap];
	mkdirSync(output, { recursive: true });
	await upToDate(join(output, "tre.elf"), [...inputs, ...layers, ...others], words, async () => {
		const source = await mbedtlsSource(join(root, "build"), progress);
		const what = { board, variant, shape, build, core, output, baud, model, others, wrap, key, source };
		writeFileSync(join(output, "update_key.c"), updateKeySource(key));
		await translate(root, build);
		await compileCrypto(root, shape, core, progress);
		progress(`building the firmware of ${board} (${variant})`);
		const objects = await compileBoard(root, what);
		const elf = await link(root, what, objects, "tre", scriptOf(root, board, shape));
		await run(`${prefix}objcopy`, ["-O", "binary", elf, join(output, "tre.bin")]);
		await run(`${prefix}objcopy`, ["-O", "ihex", elf, join(output, "tre.hex")]);
		if (shape.image !== undefined) {
			const octets = readFileSync(join(output, "tre.bin"));
			writeFileSync(join(output, "tre.esp.bin"), espImage(shape.image, { ...placeOf(readFileSync(elf)), octets }));
		}
		const size = await measure(`${prefix}size`, elf, join(output, "tre.map"));
		writeFileSync(join(output, "size.json"), `${JSON.stringify(size, null, "\t")}\n`);
		writeFileSync(join(output, "size.txt"), sizeReport(board, variant, size, shape.budget));
		if (shape.flashing?.family === "stm32f4") await bundle(root, what, objects, progress);
	});
	return output;
}
