import { existsSync, linkSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
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

/** Which device a path leads to now: numbers of terminals are given again, and a lock is of one of them. */
const identityOf = (device: string): string => String(statSync(device, { throwIfNoEntry: false })?.ctimeMs ?? 0);

/**
 * An exclusive claim on a serial device, by a lock file with the owner's process id (ten digits, as UUCP wrote it) and a
 * line that says which device it is.
 */
export class PortLock {
	readonly #path: string;
	readonly #content: string;

	private constructor(path: string, content: string) {
		this.#path = path;
		this.#content = content;
		held.add(path);
	}

	/** Throws PortInUse where somebody else has it; a lock of a process or of a device that is gone does not count. */
	static take(port: string): PortLock {
		// A link, by id or ours, leads to the device that others name.
		const device = existsSync(port) ? realpathSync(port) : port;
		const folder = existsSync(SHARED) ? SHARED : tmpdir();
		const path = join(folder, `LCK..${device.replace(/^\/dev\//, "").replaceAll("/", "_")}`);
		const own = join(folder, `LTMP.${process.pid}`);
		const content = `${String(process.pid).padStart(10)}\n${identityOf(device)}\n`;
		writeFileSync(own, content);
		try {
			for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
				try {
					linkSync(own, path);
					return new PortLock(path, content);
				} catch (error) {
					if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
				}
				const owner = ownerOf(path, identityOf(device));
				if (owner !== undefined && (owner === process.pid ? held.has(path) : isRunning(owner)))
					throw new PortInUse(port, owner);
				rmSync(path, { force: true });
			}
			throw new Error(`${path} comes back as often as it is removed`);
		} finally {
			rmSync(own, { force: true });
		}
	}

	/** Leaves a lock alone that somebody has taken since for another device of that name. */
	release(): void {
		if (read(this.#path) === this.#content && held.delete(this.#path)) rmSync(this.#path, { force: true });
	}
}

const ATTEMPTS = 3;

function read(path: string): string | undefined {
	try {
		return readFileSync(path, "latin1");
	} catch {
		return undefined;
	}
}

/** Process id in a lock file; undefined where there is none, or it is of an earlier device. */
function ownerOf(path: string, identity: string): number | undefined {
	const [pid = "", device = ""] = (read(path) ?? "").split("\n").map((line) => line.trim());
	const owner = Number.parseInt(pid, 10);
	return owner > 0 && (device === "" || device === identity) ? owner : undefined;
}
