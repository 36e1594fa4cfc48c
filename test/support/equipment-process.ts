import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { BenchEvent } from "../../host/wire/report/events.ts";

/** `tre attach` as a process: what it says, event by event. */
export class EquipmentProcess {
	readonly events: BenchEvent[] = [];
	readonly #child: ChildProcess;
	readonly #ended: Promise<number | null>;
	#heard: () => void = () => undefined;

	constructor(...args: string[]) {
		this.#child = spawn(process.execPath, [resolve("build/js/host/cli/main.js"), "attach", ...args], {
			stdio: ["ignore", "pipe", "inherit"],
		});
		this.#ended = new Promise((done) => this.#child.once("close", (code) => done(code)));
		createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
			this.events.push(JSON.parse(line) as BenchEvent);
			this.#heard();
		});
		void this.#ended.then(() => this.#heard());
	}

	get running(): boolean {
		return this.#child.exitCode === null && this.#child.signalCode === null;
	}

	/** How often it has said that. */
	count(pattern: RegExp): number {
		return this.events.filter((event) => pattern.test((event as { what?: string }).what ?? "")).length;
	}

	/** Waits until it has said that so often. */
	async said(pattern: RegExp, times = 1): Promise<void> {
		while (this.count(pattern) < times) {
			if (!this.running) throw new Error(`it has ended, and has not said ${pattern}: ${JSON.stringify(this.events)}`);
			await new Promise<void>((done) => {
				this.#heard = done;
			});
		}
	}

	/** Asks it to end; resolves to its exit code. */
	stop(): Promise<number | null> {
		this.#child.kill("SIGTERM");
		return this.#ended;
	}
}
