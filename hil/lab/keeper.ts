import { appendFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { processOf } from "../../firmware/local/process.ts";
import { inWords } from "../../firmware/local/program.ts";
import type { BenchEvent } from "../../host/wire/report/events.ts";
import { keeperFile, logFile } from "./kept.ts";
import { Lab } from "./lab.ts";

const PAUSE_MS = 1_000;

/** Octets of a log; then it becomes the one before, and a new one begins. */
const MAX_LOG = 32 * 1024 * 1024;

function log(path: string, line: string): void {
	if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG) renameSync(path, `${path}.1`);
	appendFileSync(path, line, { mode: 0o600 });
}

/** Keeps a lab up for people: starts its elements, starts again what dies, ends on SIGTERM. */
async function main(folder: string): Promise<void> {
	const tell = (event: BenchEvent, from: string): void => {
		log(join(folder, logFile), `${JSON.stringify({ from, ...event })}\n`);
		if (event.event === "died") setTimeout(() => lab.restart(from).catch(() => undefined), PAUSE_MS);
	};
	const lab: Lab = new Lab(folder, tell);
	const record = join(folder, keeperFile);
	const stop = () => {
		lab.stop().finally(() => {
			rmSync(record, { force: true });
			process.exit(0);
		});
	};
	process.on("SIGTERM", stop);
	process.on("SIGINT", stop);
	const self = processOf(process.pid);
	const note = (ready: boolean) => {
		writeFileSync(`${record}.new`, JSON.stringify({ ...self, ready }));
		renameSync(`${record}.new`, record);
	};
	note(false);
	try {
		await lab.start();
	} catch (error) {
		// Nothing of it stays behind: the next start finds its ports and folders free.
		await lab.stop();
		throw error;
	}
	note(true);
}

const folder = process.argv[2];
main(folder).catch((error: Error) => {
	rmSync(join(folder, keeperFile), { force: true });
	process.stderr.write(`${inWords(error)}\n`);
	process.exit(1);
});
