import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.mjs";
import { upToDate } from "./stamp.mjs";

/** What the compiler is told, for this build and for tests that plant a fault in it. */
export const flags = [
	...["--runtime", "minimal", "--initialMemory", "1", "--maximumMemory", "1"],
	...["--use", "abort=firmware/tre/abort/onAbort", "-O3s", "--converge"],
];

/** Builds `tre.wasm`: the TRE in one 64 KiB page, the same file for every target. */
export async function buildTreWasm(root, progress) {
	const output = join(root, "build", "tre.wasm");
	const inputs = [join(root, "firmware", "tre"), join(root, "firmware", "contract", "as")];
	const { version } = JSON.parse(readFileSync(join(root, "node_modules", "assemblyscript", "package.json"), "utf8"));
	await upToDate(output, inputs, [version, ...flags], async () => {
		progress("building tre.wasm (AssemblyScript)");
		const asc = join(root, "node_modules", "assemblyscript", "bin", "asc.js");
		await run(process.execPath, [asc, "firmware/tre/main.ts", "-o", output, ...flags], { cwd: root });
	});
	return output;
}
