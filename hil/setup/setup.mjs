/** Set-up of a fresh clone; with --tests also what the tests need: their tools, and the firmware of every board. */
import { alone } from "./alone.mjs";
import { progress, root, setUp } from "./steps.mjs";

async function main() {
	const tests = process.argv.includes("--tests");
	await setUp(tests ? ["boards", "tests"] : []);
	if (tests) {
		const { boards, buildBoard } = await import("../../firmware/build/board-firmware.mjs");
		for (const [board, { variants }] of Object.entries(boards(root)))
			for (const variant of variants) await buildBoard(root, board, variant, progress);
	}
	progress("ready");
}

alone(root, progress, main).catch((error) => {
	process.stderr.write(`set-up failed: ${error.message}\n`);
	process.exit(1);
});
