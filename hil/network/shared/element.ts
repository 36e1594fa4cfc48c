import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { FileLock, Locked } from "../../../firmware/local/file-lock.ts";
import { FolderNotOwn, makeOwnFolder, NoFolderThere } from "../../../firmware/local/own-folder.ts";
import { inWords } from "../../../firmware/local/program.ts";
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

/** Two processes on one folder would not see each other's changes: the second is refused. */
async function locked<Config>(start: (config: Config) => Promise<Element>, config: Config): Promise<Element> {
	const { folder } = (config ?? {}) as { readonly folder?: unknown };
	if (typeof folder !== "string" || folder === "") return start(config);
	makeOwnFolder(folder);
	const { dev, ino } = statSync(folder);
	const lock = FileLock.take(join(folder, "lock"), {
		...{ what: folder, advice: "stop that process, or name another folder", mark: `${dev}:${ino}` },
	});
	try {
		const element = await start(config);
		return { ...element, close: () => element.close().finally(() => lock.release()) };
	} catch (error) {
		lock.release();
		throw error;
	}
}

/** Is it whoever started it, not this program, who has to do something? */
const isTheirs = (error: Error): boolean =>
	[StartFailed, Locked, FolderNotOwn, NoFolderThere].some((kind) => error instanceof kind) ||
	(error as NodeJS.ErrnoException).code !== undefined;

/** Runs an element as a process: reads its configuration, reports `ready`, ends on SIGTERM or SIGINT. */
export function runElement<Config>(start: (config: Config) => Promise<Element>): void {
	locked(start, readConfig(configPath()) as Config)
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
			process.stderr.write(`${isTheirs(error) ? inWords(error) : error.stack}\n`);
			process.exit(1);
		});
}
