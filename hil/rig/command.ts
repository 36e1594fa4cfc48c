import { spawn } from "node:child_process";

/** A probe or a hub that hangs must not hang the bench. */
const LONGEST_MS = 120_000;

/** Runs a program of the hardware map; throws with what it said where it fails. */
export function runCommand([program, ...args]: readonly string[]): Promise<void> {
	return new Promise((resolve, reject) => {
		const child = spawn(program as string, args, { stdio: ["ignore", "ignore", "pipe"], timeout: LONGEST_MS });
		let said = "";
		child.stderr.on("data", (text: Buffer) => {
			said = (said + text).slice(-2000);
		});
		const failed = (why: string) => reject(new Error(`${program}: ${why}\n${said.trim()}`));
		child.on("error", (error) => failed(error.message));
		child.on("close", (code, signal) => {
			if (code === 0) resolve();
			else failed(signal ? `was still running after ${LONGEST_MS / 1000} s` : `exit code ${code}`);
		});
	});
}
