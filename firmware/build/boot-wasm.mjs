import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { encodeBundle, release, signedImage } from "./bundle.mjs";
import { MBEDTLS, mbedtlsFlags, mbedtlsSource } from "./mbedtls-source.mjs";
import { run } from "./run.mjs";
import { upToDate } from "./stamp.mjs";
import { developmentKeyFile, updateKey, updateKeySource } from "./update-key.mjs";

const bootFolder = (root) => join(root, "firmware", "boot");

/** Sources of the boot logic, the port of one target aside. */
export const bootSources = (root) =>
	readdirSync(bootFolder(root))
		.filter((name) => /\.c$/.test(name) && !name.startsWith("port_"))
		.sort()
		.map((name) => join(bootFolder(root), name));

/** What verifies an image: the same two files of Mbed TLS on every target. */
export const bootLibrary = (source) =>
	["library/sha256.c", "library/platform_util.c", "3rdparty/p256-m/p256-m/p256-m.c"].map((name) => join(source, name));

export const bootFlags = (root, source) => [
	...[bootFolder(root), join(root, "firmware/contract/generated")].map((folder) => `-I${folder}`),
	`-I${join(source, "3rdparty/p256-m/p256-m")}`,
	...mbedtlsFlags(join(root, "firmware", "crypto"), source),
	"-DMBEDTLS_PSA_P256M_DRIVER_ENABLED",
];

const exported = [
	...["boot_scratch_at", "boot_flash_size", "boot_slot_size", "boot_slot_place", "boot_select", "boot_header_fault"],
	...["boot_image_fault", "boot_record_packed", "boot_record_choose", "boot_record_confirm"],
];

/** Compiles the sources in `room` (those of `firmware/boot`, or a copy with a mistake in it) into a module. */
export async function compileBootWasm(root, room, folder, output) {
	const source = await mbedtlsSource(join(root, "build"), () => undefined);
	mkdirSync(folder, { recursive: true });
	const key = join(folder, "update_key.c");
	writeFileSync(key, updateKeySource(updateKey(root)));
	const own = [...bootSources(root), "port_wasm.c"].map((name) => join(room, basename(name)));
	const objects = [];
	for (const file of [...own, key, ...bootLibrary(source)]) {
		const object = join(folder, `${basename(file)}.o`);
		const strict = own.includes(file) ? ["-Wall", "-Wextra", "-Werror"] : ["-w"];
		const flags = ["--target=wasm32-wasi", "-Os", "-std=c11", "-ffunction-sections", "-fdata-sections", ...strict];
		await run("clang-14", [...flags, ...bootFlags(root, source), "-c", file, "-o", object]);
		objects.push(object);
	}
	await run("clang-14", [
		...["--target=wasm32-wasi", "-nostartfiles", "-fuse-ld=/usr/bin/wasm-ld-14", ...objects, "-o", output],
		...["--no-entry", "--gc-sections", "--stack-first", "--strip-all"].map((flag) => `-Wl,${flag}`),
		...exported.map((name) => `-Wl,--export=${name}`),
	]);
}

/** Builds `boot.wasm`: the boot stage of the emulator, from the sources of every board's. */
export async function buildBootWasm(root, progress) {
	const build = join(root, "build");
	const output = join(build, "boot.wasm");
	const inputs = [
		bootFolder(root),
		join(root, "firmware/contract/generated/image.h"),
		join(root, "firmware/build/boot-wasm.mjs"),
	];
	await upToDate(output, inputs, [MBEDTLS.sha256, process.env.MBEDTLS_DIR ?? ""], async () => {
		await mbedtlsSource(build, progress);
		progress("building boot.wasm (the boot stage for wasm32)");
		const folder = join(build, "boot-wasm");
		rmSync(folder, { recursive: true, force: true });
		await compileBootWasm(root, bootFolder(root), folder, output);
	});
	return output;
}

/** Builds `emulator.bundle`: both modules of the TRE as a firmware for the emulator's slots, signed for development. */
export async function buildEmulatorBundle(root, progress) {
	const build = join(root, "build");
	const output = join(build, "emulator.bundle");
	const modules = ["tre.wasm", "mbedtls.wasm"].map((name) => join(build, name));
	const inputs = [
		...modules,
		...["package.json", "firmware/build/bundle.mjs", "build/js/firmware/contract/image.js"].map((name) =>
			join(root, name),
		),
		developmentKeyFile(root),
	];
	await upToDate(output, inputs, [], async () => {
		progress("bundling the emulator's firmware");
		const image = emulatorImage(modules.map((file) => readFileSync(file)));
		const slots = [];
		for (const address of [0, 1])
			slots.push(await signedImage(root, { board: "emulator", address, image, ...release(root) }, updateKey(root)));
		writeFileSync(output, await encodeBundle(root, { board: "emulator", bootStage: new Uint8Array(0), slots }));
	});
	return output;
}

const LENGTH = 4;

/** An image of the emulator: `tre.wasm`, then the crypto side, each behind its length (4 octets, little-endian). */
export const emulatorImage = (modules) =>
	Buffer.concat(
		modules.flatMap((octets) => {
			const length = Buffer.alloc(LENGTH);
			length.writeUInt32LE(octets.length);
			return [length, octets];
		}),
	);
