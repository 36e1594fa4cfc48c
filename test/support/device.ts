import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import type { Rig } from "../../hil/rig/rig.ts";
import { targetNamed } from "../../hil/rig/targets.ts";
import type { LinkOptions } from "../../host/link/link.ts";
import { TreClient } from "../../host/tre/client.ts";
import { argumentsOf, defaultTarget, TargetFlash, type TestTarget } from "./targets.ts";

const emulator = fileURLToPath(new URL("../../build/js/firmware/emulator/main.js", import.meta.url));

/** A TRE on a target, in its own process, reached through its terminal device. */
export class Device {
	readonly folder: string;
	readonly target: TestTarget;
	port = "";
	/** Arguments for `tre emulate` beside those of the target. */
	more: readonly string[] = [];
	#process: ChildProcess | undefined;
	readonly #flash: TargetFlash;

	/** Takes over a folder with a flash, or makes a blank device. */
	constructor(target = defaultTarget, folder = mkdtempSync(join(tmpdir(), "tre-test-"))) {
		this.target = target;
		this.folder = folder;
		this.#flash = new TargetFlash(folder, target);
	}

	/** A device that has its keys already: those of the run's one keyed device. */
	static keyed(target = defaultTarget): Device {
		const device = new Device(target);
		const keyed = new TargetFlash(inject("keyedDevice"), "emulator");
		device.#flash.fill(keyed.store(), keyed.rootKey());
		return device;
	}

	/** A device with a store of the test's making. */
	static forged(store: Buffer, rootKey: Buffer, target = defaultTarget): Device {
		const device = new Device(target);
		device.fill(store, rootKey);
		return device;
	}

	/** Octets of its store, as they are in the file now. */
	flash(): Buffer {
		return this.#flash.store();
	}

	rootKey(): Buffer {
		return this.#flash.rootKey();
	}

	/** While it is off: another store. */
	fill(store: Buffer, rootKey = this.rootKey()): void {
		this.#flash.fill(store, rootKey);
	}

	/** What a rig does to it from outside. */
	get rig(): Rig {
		return targetNamed(this.target).rig(this.folder, async () => {
			await this.kill();
			await this.start();
		});
	}

	async start(): Promise<void> {
		// A link, because the terminal of a board in QEMU is another one after each power cut.
		const link = join(this.folder, "tty");
		const args = ["--json", "--state", this.folder, "--link", link, ...argumentsOf(this.target), ...this.more];
		const child = spawn(process.execPath, [emulator, ...args], { stdio: ["ignore", "pipe", "inherit"] });
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
