import { randomBytes } from "node:crypto";
import {
	chmodSync,
	existsSync,
	lstatSync,
	mkdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";

export class FolderInUse extends Error {}

function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

/** A device's folder: its flash, its device root key, and a lock while an emulator runs on it. */
export class StateFolder {
	readonly path: string;
	readonly flashPath: string;
	readonly #lock: string;
	readonly #linkRecord: string;
	readonly #keyPath: string;

	constructor(path: string) {
		mkdirSync(path, { recursive: true, mode: 0o700 });
		chmodSync(path, 0o700);
		this.path = path;
		this.flashPath = join(path, "flash.bin");
		this.#keyPath = join(path, "root.key");
		this.#lock = join(path, "lock");
		this.#linkRecord = join(path, "link");
		this.#acquire(path);
	}

	/** 32 octets, made at the first start. */
	rootKey(): Uint8Array {
		if (!existsSync(this.#keyPath)) writeFileSync(this.#keyPath, randomBytes(32), { mode: 0o600, flush: true });
		const key = readFileSync(this.#keyPath);
		if (key.length !== 32) throw new Error(`${this.#keyPath}: 32 octets expected`);
		return key;
	}

	/**
	 * Makes `path` a link to the terminal device. What stands there is left alone, unless it is a link
	 * that leads nowhere or that an emulator of this folder left behind when it was killed.
	 */
	takeLink(path: string, device: string): void {
		const there = lstatSync(path, { throwIfNoEntry: false });
		const ours = existsSync(this.#linkRecord) && readFileSync(this.#linkRecord, "utf8") === path;
		if (there && !(there.isSymbolicLink() && (ours || !existsSync(path) || readlinkSync(path) === device))) {
			throw new FolderInUse(`${path} is there already; name another path for the link`);
		}
		writeFileSync(this.#linkRecord, path, { flush: true });
		rmSync(path, { force: true });
		symlinkSync(device, path);
	}

	/** Takes the link away, where it is still this emulator's. */
	dropLink(path: string, device: string): void {
		const there = lstatSync(path, { throwIfNoEntry: false });
		if (there?.isSymbolicLink() && readlinkSync(path) === device) rmSync(path, { force: true });
		rmSync(this.#linkRecord, { force: true });
	}

	release(): void {
		rmSync(this.#lock, { force: true });
	}

	#acquire(path: string): void {
		for (let attempt = 0; attempt < 2; attempt++) {
			try {
				writeFileSync(this.#lock, String(process.pid), { flag: "wx" });
				return;
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
			}
			const owner = Number(readFileSync(this.#lock, "utf8"));
			if (owner > 0 && isRunning(owner)) {
				throw new FolderInUse(
					`${path} belongs to a running emulator (process ${owner}); stop that one or name another folder`,
				);
			}
			rmSync(this.#lock, { force: true });
		}
		throw new FolderInUse(`${path} is being taken by another emulator; try again`);
	}
}
