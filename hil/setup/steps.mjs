import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../firmware/build/run.mjs";
import { upToDate } from "../../firmware/build/stamp.mjs";
import { installPackages } from "./apt.mjs";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const NEEDED_NODE = [20, 15];
const start = performance.now();

/** A line on standard error, with the seconds since the start. */
export function progress(text) {
	process.stderr.write(`[set-up ${((performance.now() - start) / 1000).toFixed(1).padStart(5)} s] ${text}\n`);
}

function checkNode() {
	const [major, minor] = process.versions.node.split(".").map(Number);
	if (major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1])) return;
	throw new Error(`Node ${NEEDED_NODE.join(".")} or newer is needed; this is ${process.versions.node}`);
}

async function installModules() {
	const marker = join(root, "node_modules", ".package-lock.json");
	await upToDate(marker, [join(root, "package-lock.json")], [process.version], async () => {
		progress("installing npm packages");
		// No package needs its install script: binaries come inside the packages. The cache is the clone's own.
		const cache = join(root, "build", "npm-cache");
		await run("npm", ["ci", "--ignore-scripts", "--include=dev", "--cache", cache, "--no-audit", "--no-fund"], {
			cwd: root,
		});
	});
}

async function compile() {
	const sources = [
		"firmware/contract",
		"firmware/crypto",
		"firmware/emulator",
		"firmware/local",
		"host",
		"hil",
		"tsconfig.json",
		"package-lock.json",
	];
	const output = join(root, "build", "js", ".tsbuildinfo");
	await upToDate(
		output,
		sources.map((name) => join(root, name)),
		[],
		async () => {
			progress("compiling TypeScript");
			await run(
				process.execPath,
				[join(root, "node_modules", "typescript", "bin", "tsc"), "-p", "hil/setup/tsconfig.build.json"],
				{
					cwd: root,
				},
			);
		},
	);
}

/**
 * Set-up of a clone for these purposes (`build` always, `boards`, `tests`): Debian packages, npm packages, TypeScript,
 * Mbed TLS, `tre.wasm`. What is up to date is left alone. Writes nothing outside the clone, apt aside.
 */
export async function setUp(purposes = []) {
	checkNode();
	await installPackages(["build", ...purposes], progress);
	await installModules();
	await compile();
	// These read what the steps before them installed and compiled.
	const { buildCryptoWasm } = await import("../../firmware/build/crypto-wasm.mjs");
	const { buildTreWasm } = await import("../../firmware/build/tre-wasm.mjs");
	await buildCryptoWasm(root, progress);
	await buildTreWasm(root, progress);
	const { buildBootWasm, buildEmulatorBundle } = await import("../../firmware/build/boot-wasm.mjs");
	await buildBootWasm(root, progress);
	await buildEmulatorBundle(root, progress);
}
