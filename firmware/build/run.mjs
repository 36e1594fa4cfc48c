import { spawn } from "node:child_process";

/** Runs a program; its output is shown only when it fails. Resolves to standard output. */
export function run(program, args, options = {}) {
	return new Promise((resolve, reject) => {
		const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
		let out = "";
		let all = "";
		child.stdout.on("data", (text) => {
			out += text;
			all += text;
		});
		child.stderr.on("data", (text) => {
			all += text;
		});
		child.on("error", reject);
		child.on("close", (code) => {
			if (code === 0) resolve(out);
			else reject(new Error(`${program} ${args.join(" ")}\n${all.trim()}\n(exit code ${code})`));
		});
	});
}

/** Runs `job` over `items`, `width` at a time. */
export async function inParallel(items, width, job) {
	const queue = [...items];
	const worker = async () => {
		for (let item = queue.shift(); item !== undefined; item = queue.shift()) await job(item);
	};
	await Promise.all(Array.from({ length: width }, worker));
}
