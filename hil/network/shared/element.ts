import { readFileSync } from "node:fs";
import { emit } from "../../../host/wire/report/events.ts";

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

/** Runs an element as a process: reads its configuration, reports `ready`, ends on SIGTERM or SIGINT. */
export function runElement<Config>(start: (config: Config) => Promise<Element>): void {
	const config = JSON.parse(readFileSync(configPath(), "utf8")) as Config;
	start(config)
		.then((element) => {
			emit({ event: "ready", addresses: element.addresses });
			const stop = () => {
				element.close().finally(() => process.exit(0));
			};
			process.on("SIGTERM", stop);
			process.on("SIGINT", stop);
		})
		.catch((error: Error) => {
			process.stderr.write(`${error.stack}\n`);
			process.exit(1);
		});
}
