import { readFileSync } from "node:fs";
import { emit } from "../../../host/wire/report/events.ts";

/** Why an element cannot start, in words for whoever started it: what to do is in them. */
export class StartFailed extends Error {}

/** A running network element: how others reach it and how it ends. */
export interface Element {
	readonly addresses: Record<string, string>;
	close(): Promise<void>;
}

function configPath(): string {
	const at = process.argv.indexOf("--config");
	const path = process.argv[at + 1];
	if (at < 0 || !path) {
		process.stderr.write("usage: main.js --config FILE\n");
		process.exit(2);
	}
	return path;
}

function readConfig(path: string): unknown {
	try {
		return JSON.parse(readFileSync(path, "utf8"));
	} catch (error) {
		process.stderr.write(
			`${path} cannot be read as JSON: ${(error as NodeJS.ErrnoException).code ?? "its syntax is wrong"}\n`,
		);
		process.exit(2);
	}
}

/** Runs an element as a process: reads its configuration, reports `ready`, ends on SIGTERM or SIGINT. */
export function runElement<Config>(start: (config: Config) => Promise<Element>): void {
	start(readConfig(configPath()) as Config)
		.then((element) => {
			emit({ event: "ready", addresses: element.addresses });
			let stopping = false;
			const stop = () => {
				if (stopping) return;
				stopping = true;
				element.close().finally(() => process.exit(0));
			};
			process.on("SIGTERM", stop);
			process.on("SIGINT", stop);
		})
		.catch((error: Error) => {
			process.stderr.write(`${error instanceof StartFailed ? error.message : error.stack}\n`);
			process.exit(1);
		});
}
