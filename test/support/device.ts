import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import type { LinkOptions } from "../../host/link/link.ts";
import { TreClient } from "../../host/tre/client.ts";

const emulator = fileURLToPath(new URL("../../build/js/firmware/emulator/main.js", import.meta.url));

/** An emulated TRE in its own process, reached through its terminal device. */
export class Device {
	readonly folder: string;
	port = "";
	#process: ChildProcess | undefined;

	/** Takes over a folder with a flash, or makes a blank device. */
	constructor(folder = mkdtempSync(join(tmpdir(), "tre-test-"))) {
		this.folder = folder;
	}

	/** A device that has its keys already: those of the run's one keyed device. */
	static keyed(): Device {
		const device = new Device();
		cpSync(inject("keyedDevice"), device.folder, { recursive: true });
		return device;
	}

	/** Octets of its flash, as they are in the file now. */
	flash(): Buffer {
		return readFileSync(join(this.folder, "flash.bin"));
	}

	rootKey(): Buffer {
		return readFileSync(join(this.folder, "root.key"));
	}

	async start(): Promise<void> {
		const child = spawn(process.execPath, [emulator, "--json", "--state", this.folder], {
			stdio: ["ignore", "pipe", "inherit"],
		});
		this.#process = child;
		const lines = createInterface({ input: child.stdout });
		for await (const line of lines) {
			const event = JSON.parse(line) as { event: string; addresses: { port: string } };
			if (event.event !== "ready") continue;
			this.port = event.addresses.port;
			break;
		}
	}

	open(options: LinkOptions = {}): Promise<TreClient> {
		return TreClient.open(this.port, options);
	}

	/** Ends the process as a power cut would: without warning. */
	async kill(): Promise<void> {
		const child = this.#process;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const ended = new Promise((resolve) => child.once("close", resolve));
		child.kill("SIGKILL");
		await ended;
	}

	async dispose(): Promise<void> {
		await this.kill();
		rmSync(this.folder, { recursive: true, force: true });
	}
}
