import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { MBEDTLS, mbedtlsFlags, mbedtlsLibrary, mbedtlsSource } from "./mbedtls-source.mjs";
import { inParallel, run } from "./run.mjs";
import { upToDate } from "./stamp.mjs";

const STACK = 32 * 1024;

/** Links the objects of a build, with more flags for the linker. */
async function link(objects, output, exported, more) {
	await run("clang-14", [
		"--target=wasm32-wasi",
		"-nostartfiles",
		"-fuse-ld=/usr/bin/wasm-ld-14",
		...readdirSync(objects).map((name) => join(objects, name)),
		"-o",
		output,
		...["--no-entry", "--gc-sections", "--stack-first", `-zstack-size=${STACK}`, "--allow-undefined", ...more].map(
			(flag) => `-Wl,${flag}`,
		),
		...exported.map((name) => `-Wl,--export=${name}`),
	]);
}

const exportsOf = (surface) =>
	["init", "transfer", "transfer_size", ...Object.keys(surface)].map((name) => `tre_${name}`);

/** The same module with the names of its functions, for tests that look at which of them ran. */
export async function linkNamedCryptoWasm(root, surface, output) {
	await link(join(root, "build", "crypto-wasm"), output, exportsOf(surface), []);
}

/** Builds `mbedtls.wasm`: Mbed TLS and `firmware/crypto` for wasm32, with a memory of its own. */
export async function buildCryptoWasm(root, progress) {
	// Compiled by the step before this one.
	const { surface } = await import(pathToFileURL(join(root, "build/js/firmware/crypto/surface.js")).href);
	const exported = exportsOf(surface);
	const build = join(root, "build");
	const room = join(root, "firmware", "crypto");
	const output = join(build, "mbedtls.wasm");
	const inputs = readdirSync(room)
		.filter((name) => /\.[ch]$/.test(name))
		.map((name) => join(room, name));
	await upToDate(
		output,
		[...inputs, join(root, "firmware", "build", "crypto-wasm.mjs")],
		[MBEDTLS.sha256, process.env.MBEDTLS_DIR ?? "", ...exported],
		async () => {
			const source = await mbedtlsSource(build, progress);
			progress("building mbedtls.wasm (Mbed TLS for wasm32)");
			const objects = join(build, "crypto-wasm");
			rmSync(objects, { recursive: true, force: true });
			mkdirSync(objects, { recursive: true });
			const flags = [
				"--target=wasm32-wasi",
				"-Os",
				"-std=c11",
				"-Wall",
				"-ffunction-sections",
				"-fdata-sections",
				...mbedtlsFlags(room, source),
			];
			const own = inputs.filter((name) => name.endsWith(".c"));
			const compile = async (file) => {
				const strict = own.includes(file) ? ["-Wextra", "-Werror"] : [];
				await run("clang-14", [...flags, ...strict, "-c", file, "-o", join(objects, `${basename(file)}.o`)]);
			};
			await inParallel([...mbedtlsLibrary(source), ...own], cpus().length, compile);
			await link(objects, output, exported, ["--strip-all"]);
		},
	);
	return output;
}
