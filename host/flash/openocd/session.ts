import { type ChildProcess, spawn } from "node:child_process";

/** What OpenOCD says to a command that failed. */
export class OpenocdFailed extends Error {}

/** Ends a command and an answer (OpenOCD's manual, "Tcl RPC server"). */
const END = "\x1a";
const LOG = 16 * 1024;

interface Waiting {
	resolve(answer: string): void;
	reject(error: Error): void;
}

/** An OpenOCD that takes commands from this program alone: over its standard input, behind which no port listens. */
export class Openocd {
	readonly #child: ChildProcess;
	readonly #ended: Promise<void>;
	#answer = "";
	#log = "";
	#waiting: Waiting | undefined;
	#isGone = false;

	constructor(words: readonly string[]) {
		const services = "gdb_port disabled; telnet_port disabled; tcl_port pipe";
		this.#child = spawn("openocd", [...words, "-c", services], { stdio: "pipe" });
		this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#take(text));
		this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			this.#log = (this.#log + text).slice(-LOG);
		});
		// Whoever writes to one that has ended is told by its end.
		this.#child.stdin?.on("error", () => undefined);
		this.#ended = new Promise((resolve) => {
			const end = (): void => {
				this.#isGone = true;
				this.#waiting?.reject(new OpenocdFailed(this.#why("OpenOCD has ended")));
				this.#waiting = undefined;
				resolve();
			};
			this.#child.once("error", end).once("close", end);
		});
	}

	/** Runs one command of Tcl; resolves to its result. Throws OpenocdFailed. */
	async run(command: string): Promise<string> {
		if (this.#isGone) throw new OpenocdFailed(this.#why("OpenOCD has ended"));
		this.#log = "";
		const answered = new Promise<string>((resolve, reject) => {
			this.#waiting = { resolve, reject };
		});
		this.#child.stdin?.write(`if {[catch {${command}} r]} {return "- $r"} {return "+ $r"}${END}`);
		const answer = await answered;
		const result = answer.slice(1).trim();
		if (answer.startsWith("+")) return result;
		throw new OpenocdFailed(this.#why(result === "" ? command : result));
	}

	async close(): Promise<void> {
		this.#child.stdin?.end();
		this.#child.kill("SIGTERM");
		await this.#ended;
	}

	#take(text: string): void {
		this.#answer += text;
		const end = this.#answer.indexOf(END);
		if (end < 0 || !this.#waiting) return;
		const waiting = this.#waiting;
		this.#waiting = undefined;
		const answer = this.#answer.slice(0, end);
		this.#answer = this.#answer.slice(end + 1);
		waiting.resolve(answer);
	}

	/** The errors in its log are what it has to say. */
	#why(otherwise: string): string {
		const errors = this.#log.split("\n").filter((line) => line.startsWith("Error: "));
		const said = errors.map((line) => line.slice("Error: ".length));
		return said.length > 0 ? said.join("; ") : otherwise;
	}
}
