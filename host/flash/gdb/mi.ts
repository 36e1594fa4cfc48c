import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** What GDB says to a command that failed. */
export class GdbFailed extends Error {}

interface Waiting {
	readonly token: number;
	readonly said: string[];
	resolve(answer: { readonly result: string; readonly said: string }): void;
	reject(error: Error): void;
}

/** Of a constant of GDB/MI, which is one of C. */
const unquoted = (text: string): string =>
	text.replace(/\\(.)/g, (_, letter: string) => ({ n: "\n", t: "\t" })[letter] ?? letter);
const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** A GDB that takes commands from this program over GDB/MI (GDB's manual, chapter 27), one at a time. */
export class Gdb {
	readonly #child: ChildProcess;
	readonly #ended: Promise<void>;
	#waiting: Waiting | undefined;
	#token = 0;
	#isGone = false;

	constructor() {
		// No start-up file of whoever runs this, and no debug information that a server names.
		this.#child = spawn("gdb-multiarch", ["--interpreter=mi3", "-nx", "-q", "-iex", "set debuginfod enabled off"], {
			stdio: ["pipe", "pipe", "ignore"],
		});
		if (this.#child.stdout) createInterface({ input: this.#child.stdout }).on("line", (line) => this.#take(line));
		this.#child.stdin?.on("error", () => undefined);
		this.#ended = new Promise((resolve) => {
			const end = (): void => {
				this.#isGone = true;
				this.#waiting?.reject(new GdbFailed("GDB has ended"));
				this.#waiting = undefined;
				resolve();
			};
			this.#child.once("error", end).once("close", end);
		});
	}

	/** Runs a command of GDB/MI; resolves to its result record. Throws GdbFailed with GDB's words. */
	async mi(command: string): Promise<string> {
		return (await this.#run(command)).result;
	}

	/** Runs a command as people type it; resolves to what GDB and its server say. Throws GdbFailed. */
	async cli(command: string): Promise<string> {
		return (await this.#run(`-interpreter-exec console ${quoted(command)}`)).said;
	}

	/** Ends it as it is: what it holds still stays so. */
	async close(): Promise<void> {
		this.#child.kill("SIGKILL");
		await this.#ended;
	}

	#run(command: string): Promise<{ readonly result: string; readonly said: string }> {
		if (this.#isGone) return Promise.reject(new GdbFailed("GDB has ended"));
		return new Promise((resolve, reject) => {
			this.#waiting = { token: ++this.#token, said: [], resolve, reject };
			this.#child.stdin?.write(`${this.#token}${command}\n`);
		});
	}

	#take(line: string): void {
		const waiting = this.#waiting;
		if (!waiting) return;
		const [, stream] = /^[~@&]"(.*)"$/.exec(line) ?? [];
		if (stream !== undefined) {
			waiting.said.push(unquoted(stream));
			return;
		}
		const [, token, kind, rest = ""] = /^(\d+)\^([a-z]+)(.*)$/.exec(line) ?? [];
		if (Number(token) !== waiting.token) return;
		this.#waiting = undefined;
		if (kind === "error") {
			const [, why = rest] = /msg="((?:[^"\\]|\\.)*)"/.exec(rest) ?? [];
			waiting.reject(new GdbFailed(unquoted(why)));
		} else waiting.resolve({ result: rest, said: waiting.said.join("") });
	}
}
