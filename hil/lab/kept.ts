import { spawn } from "node:child_process";
import { existsSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { makeOwnFolder } from "../../firmware/local/own-folder.ts";
import { processOf } from "../../firmware/local/process.ts";
import { Registry } from "../network/shared/registry.ts";
import { Tokens } from "./tokens.ts";

export const keeperFile = "keeper.json";
export const logFile = "lab.log";

const PATIENCE_MS = 60_000;
const POLL_MS = 50;

export class LabError extends Error {}

interface Keeper {
	readonly pid: number;
	/** Tells it from another process that was given its number. */
	readonly birth?: string;
	readonly ready: boolean;
}

/** A lab in a folder that a keeper process holds up, as other commands see it. */
export class KeptLab {
	readonly folder: string;

	constructor(folder: string) {
		this.folder = folder;
	}

	/** The process that keeps it, while there is one; read anew each time. */
	keeper(): Keeper | undefined {
		const path = join(this.folder, keeperFile);
		if (!existsSync(path)) return undefined;
		try {
			const keeper = JSON.parse(readFileSync(path, "utf8")) as Keeper;
			const running = processOf(keeper.pid);
			// Where the system says when a process began, the record says so too: one that does not is of no keeper.
			return running && running.birth === keeper.birth ? keeper : undefined;
		} catch {
			// Half written: it is just starting.
			return undefined;
		}
	}

	get registryPath(): string {
		return join(this.folder, "registry.json");
	}

	/** The contracted parties of a lab that is up. */
	get registry(): Registry {
		if (!this.keeper()?.ready)
			throw new LabError(`no lab is up in ${this.folder}; start one with: npm run -s hil -- up --lab ${this.folder}`);
		return new Registry(this.registryPath);
	}

	/** Who may ask its operators. */
	get tokens(): Tokens {
		return new Tokens(this.folder);
	}

	/** The factory station's leaf, as the PVA leaves it. */
	get station(): { key: string; certificate: string } {
		return { key: join(this.folder, "pva", "station.key"), certificate: join(this.folder, "pva", "station.pem") };
	}

	/** Starts a keeper unless one is there; answers whether it did. */
	async up(): Promise<boolean> {
		if (this.keeper()) return false;
		makeOwnFolder(this.folder);
		const log = openSync(join(this.folder, logFile), "a", 0o600);
		const from = fstatSync(log).size;
		const program = fileURLToPath(new URL("keeper.js", import.meta.url));
		const child = spawn(process.execPath, [program, this.folder], { detached: true, stdio: ["ignore", log, log] });
		let ended = false;
		child.on("exit", () => {
			ended = true;
		});
		child.unref();
		const patience = performance.now() + PATIENCE_MS;
		while (!this.keeper()?.ready) {
			if (ended || performance.now() > patience) {
				throw new LabError(`the lab does not start: ${this.#lastWords(from)}`);
			}
			await sleep(POLL_MS);
		}
		return true;
	}

	/** What the log says of a start, from an offset on, without the events in it. */
	#lastWords(from: number): string {
		const said = readFileSync(join(this.folder, logFile)).subarray(from).toString("utf8").trim().split("\n");
		const words = said.filter((line) => line !== "" && !line.startsWith("{"));
		return words.join("\n") || `${join(this.folder, logFile)} says why`;
	}

	/** Ends the keeper and all it keeps; state stays in the folder. */
	async down(): Promise<boolean> {
		const keeper = this.keeper();
		if (!keeper) return false;
		process.kill(keeper.pid, "SIGTERM");
		const patience = performance.now() + PATIENCE_MS;
		while (this.keeper()?.pid === keeper.pid) {
			if (performance.now() > patience) throw new LabError(`process ${keeper.pid} does not end`);
			await sleep(POLL_MS);
		}
		return true;
	}
}
