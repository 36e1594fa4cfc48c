import { appendFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { processOf } from "../../firmware/local/process.ts";
import type { BenchEvent } from "../../host/wire/report/events.ts";
import { keeperFile, logFile } from "./kept.ts";
import { Lab } from "./lab.ts";

const PAUSE_MS = 1_000;

/** Keeps a lab up for people: starts its elements, starts again what dies, ends on SIGTERM. */
async function main(folder: string): Promise<void> {
	const tell = (event: BenchEvent, from: string): void => {
		appendFileSync(join(folder, logFile), `${JSON.stringify({ from, ...event })}\n`);
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
	await lab.start();
	note(true);
}

const folder = process.argv[2];
main(folder).catch((error: Error) => {
	rmSync(join(folder, keeperFile), { force: true });
	process.stderr.write(`${error.message}\n`);
	process.exit(1);
});
