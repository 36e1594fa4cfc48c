import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

/** Silence after which somebody else is at work. */
const PATIENCE_MS = 1_000;

/**
 * Runs while no other set-up of this clone does: two at once would take node_modules away from each other. The system lets
 * go of the lock with the process that has it, however that ends. Without util-linux there is no lock.
 */
export async function alone(root, progress, run) {
	const folder = join(root, "build");
	mkdirSync(folder, { recursive: true });
	const holder = spawn("flock", [join(folder, "setup.lock"), "cat"], { stdio: ["pipe", "pipe", "ignore"] });
	const waiting = setTimeout(() => progress("another set-up is at work in this clone; waiting for it"), PATIENCE_MS);
	await new Promise((done) => {
		// Its echo says that it has the lock.
		holder.stdout.once("data", done);
		holder.once("error", done);
		holder.once("close", done);
		holder.stdin.once("error", done);
		holder.stdin.write("\n");
	});
	clearTimeout(waiting);
	try {
		return await run();
	} finally {
		holder.stdin.destroy();
	}
}
