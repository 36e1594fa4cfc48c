import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const emulator = resolve("build/js/firmware/emulator/main.js");

/** A start of the emulator as a process, whatever becomes of it: its port, or its refusal and exit code. */
export class EmulatorRun {
	readonly child: ChildProcess;
	/** The code, or null where a signal ended it. */
	readonly ended: Promise<number | null>;
	/** Where it can be reached; undefined where it ended first. */
	readonly port: Promise<string | undefined>;
	/** What it said on standard error. */
	said = "";

	constructor(command: string, args: readonly string[]) {
		this.child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
		this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			this.said += text;
		});
		this.ended = new Promise((done) => this.child.once("close", (code) => done(code)));
		this.port = new Promise((done) => {
			createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
				const event = JSON.parse(line) as { event: string; addresses?: { port: string } };
				if (event.event === "ready") done(event.addresses?.port);
			});
			void this.ended.then(() => done(undefined));
		});
	}

	static on(folder: string, ...more: string[]): EmulatorRun {
		return new EmulatorRun(process.execPath, [emulator, "--json", "--state", folder, ...more]);
	}

	/** By a shell that says something first, and becomes the emulator: under its own number, as first process of a container. */
	static after(script: string, folder: string): EmulatorRun {
		const become = `${script}; exec "$0" "$1" --json --state "$2"`;
		return new EmulatorRun("sh", ["-c", become, process.execPath, emulator, folder]);
	}

	/** Ends it, and waits for that. */
	async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
		this.child.kill(signal);
		return this.ended;
	}
}
