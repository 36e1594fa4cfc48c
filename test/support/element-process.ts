import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { BenchEvent } from "../../host/wire/report/events.ts";

/** A network element of the built tree as a process: its addresses, its events, its end. */
export class ElementProcess {
	readonly events: BenchEvent[] = [];
	readonly ready: Promise<Record<string, string>>;
	readonly #child: ChildProcess;
	readonly #ended: Promise<number | null>;

	constructor(kind: string, config: string, environment: NodeJS.ProcessEnv = {}) {
		const args = [resolve(`build/js/hil/network/${kind}/main.js`), "--config", config];
		this.#child = spawn(process.execPath, args, {
			env: { ...process.env, ...environment },
			stdio: ["ignore", "pipe", "inherit"],
		});
		this.#ended = new Promise((done) => this.#child.once("close", (code) => done(code)));
		this.ready = new Promise((done, fail) => {
			createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
				const event = JSON.parse(line) as BenchEvent;
				this.events.push(event);
				if (event.event === "ready") done(event.addresses);
			});
			void this.#ended.then((code) => fail(new Error(`the ${kind} has ended with code ${code}`)));
		});
		this.ready.catch(() => undefined);
	}

	get pid(): number {
		return this.#child.pid as number;
	}

	/** Asks it to end; resolves to its exit code. */
	stop(): Promise<number | null> {
		this.#child.kill("SIGTERM");
		return this.#ended;
	}

	/** Without warning. */
	kill(): Promise<number | null> {
		this.#child.kill("SIGKILL");
		return this.#ended;
	}
}
