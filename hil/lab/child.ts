import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { BenchEvent } from "../../host/wire/report/events.ts";

const STOP_MS = 5_000;

export class ChildFailed extends Error {}

/** A process of the bench: its events, its end. `module` is relative to the built tree's root; `mayFail` where its end is not a death. */
export class Child {
	readonly name: string;
	readonly ready: Promise<Record<string, string>>;
	/** Resolves with the exit code. */
	readonly ended: Promise<number>;
	readonly #process: ChildProcess;
	#stopping = false;

	constructor(
		name: string,
		module: string,
		args: readonly string[],
		onEvent: (event: BenchEvent, from: string) => void,
		mayFail = false,
	) {
		this.name = name;
		const path = fileURLToPath(new URL(`../../${module}`, import.meta.url));
		this.#process = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "pipe"] });
		let errors = "";
		let greet: (addresses: Record<string, string>) => void;
		let fail: (error: Error) => void;
		this.ready = new Promise((resolve, reject) => {
			greet = resolve;
			fail = reject;
		});
		this.ready.catch(() => undefined);
		let pending = "";
		this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => {
			const lines = (pending + text).split("\n");
			pending = lines.pop() ?? "";
			for (const event of lines.map(parseEvent)) {
				if (event.event === "ready") greet(event.addresses);
				onEvent(event, name);
			}
		});
		this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
			errors += text;
		});
		this.ended = new Promise((resolve) => {
			this.#process.on("error", () => resolve(1));
			this.#process.on("close", (code) => {
				const what = `${name} ended with code ${code}${errors ? `:\n${errors.trim()}` : ""}`;
				fail(new ChildFailed(what));
				if (!this.#stopping && !mayFail && code !== 0) onEvent({ event: "died", what }, name);
				resolve(code ?? 1);
			});
		});
	}

	/** Asks it to end; makes it end. */
	async stop(): Promise<void> {
		this.#stopping = true;
		this.#process.kill("SIGTERM");
		const timer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_MS);
		await this.ended;
		clearTimeout(timer);
	}

	/** Ends it as a power cut would. */
	kill(): Promise<number> {
		this.#stopping = true;
		this.#process.kill("SIGKILL");
		return this.ended;
	}
}

/** A line that is no event is a problem to be told, not a reason to fall over. */
function parseEvent(line: string): BenchEvent {
	try {
		return JSON.parse(line) as BenchEvent;
	} catch {
		return { event: "problem", what: line };
	}
}
