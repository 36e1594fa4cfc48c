import { existsSync, linkSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where serial programs leave their lock files (FHS clause 5.9); minicom, picocom and others look there, too. */
const SHARED = "/run/lock";

/** Another program, or this one, has the port. */
export class PortInUse extends Error {
	constructor(port: string, owner: number) {
		const who = owner === process.pid ? "this process" : `process ${owner}${commandOf(owner)}`;
		super(`${port} is in use by ${who}; stop that, or name another port`);
	}
}

/** What a process runs, in brackets; nothing where the system does not say. */
function commandOf(pid: number): string {
	const path = `/proc/${pid}/cmdline`;
	if (!existsSync(path)) return "";
	const words = readFileSync(path, "utf8").split("\0").filter(Boolean);
	return words.length === 0 ? "" : ` (${words.join(" ").slice(0, 120)})`;
}

function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

/** Locks of this process; a second one on the same device is refused, too. */
const held = new Set<string>();

/** An exclusive claim on a serial device, by a lock file with the owner's process id (ten digits, as UUCP wrote it). */
export class PortLock {
	readonly #path: string;

	private constructor(path: string) {
		this.#path = path;
		held.add(path);
	}

	/** Throws PortInUse where somebody else has it; a lock of a process that is gone does not count. */
	static take(port: string): PortLock {
		// A link, by id or ours, leads to the device that others name.
		const device = existsSync(port) ? realpathSync(port) : port;
		const folder = existsSync(SHARED) ? SHARED : tmpdir();
		const path = join(folder, `LCK..${device.replace(/^\/dev\//, "").replaceAll("/", "_")}`);
		const own = join(folder, `LTMP.${process.pid}`);
		writeFileSync(own, `${String(process.pid).padStart(10)}\n`);
		try {
			for (let attempt = 0; attempt < 3; attempt++) {
				try {
					linkSync(own, path);
					return new PortLock(path);
				} catch (error) {
					if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
				}
				const owner = ownerOf(path);
				if (owner !== undefined && (owner === process.pid ? held.has(path) : isRunning(owner)))
					throw new PortInUse(port, owner);
				rmSync(path, { force: true });
			}
			throw new Error(`${path} comes back as often as it is removed`);
		} finally {
			rmSync(own, { force: true });
		}
	}

	release(): void {
		if (held.delete(this.#path)) rmSync(this.#path, { force: true });
	}
}

/** Process id in a lock file; undefined where there is none, or the file is gone. */
function ownerOf(path: string): number | undefined {
	try {
		const owner = Number.parseInt(readFileSync(path, "latin1").trim(), 10);
		return owner > 0 ? owner : undefined;
	} catch {
		return undefined;
	}
}
