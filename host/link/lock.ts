import { randomUUID } from "node:crypto";
import {
	accessSync,
	constants,
	existsSync,
	linkSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	realpathSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where serial programs leave their lock files (FHS clause 5.9); minicom, picocom and others look there, too. */
const SHARED = "/run/lock";
const ATTEMPTS = 5;

/** Another program, or this one, has the port. */
export class PortInUse extends Error {
	constructor(port: string, owner: number) {
		const who = owner === process.pid ? "this process" : `process ${owner}${commandOf(owner)}`;
		super(`${port} is in use by ${who}; stop that, or name another port`);
	}
}

/** What a process runs, in brackets; nothing where the system does not say. */
function commandOf(pid: number): string {
	const words = (read(`/proc/${pid}/cmdline`) ?? "").split("\0").filter(Boolean);
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

/** Whether a process has the device open; where the system does not say, it has. */
function hasOpen(pid: number, device: string): boolean {
	try {
		const folder = `/proc/${pid}/fd`;
		return readdirSync(folder).some((name) => {
			try {
				return readlinkSync(join(folder, name)) === device;
			} catch {
				return false;
			}
		});
	} catch {
		return true;
	}
}

function read(path: string): string | undefined {
	try {
		return readFileSync(path, "latin1");
	} catch {
		return undefined;
	}
}

/** When the device's node was made or changed: numbers of terminals are given again. */
const ageOf = (device: string): string => String(statSync(device, { throwIfNoEntry: false })?.ctimeMs ?? 0);

function folderOfLocks(): string {
	try {
		accessSync(SHARED, constants.W_OK);
		return SHARED;
	} catch {
		return tmpdir();
	}
}

/** Locks of this process; a second one on the same device is refused, too. */
const held = new Set<string>();

/**
 * An exclusive claim on a serial device, by a lock file with the owner's process id (ten digits, as UUCP wrote it) and a
 * line that tells one device of a name from the next one.
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
		const folder = folderOfLocks();
		const path = join(folder, `LCK..${device.replace(/^\/dev\//, "").replaceAll("/", "_")}`);
		const own = join(folder, `LTMP.${randomUUID()}`);
		const content = `${String(process.pid).padStart(10)}\n${ageOf(device)}\n`;
		writeFileSync(own, content, { flag: "wx" });
		try {
			for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
				if (linked(own, path)) return new PortLock(path, content);
				const there = read(path);
				if (there === undefined) continue;
				const owner = ownerOf(there, path, device);
				if (owner !== undefined) throw new PortInUse(port, owner);
				remove(path, there, folder);
			}
			throw new Error(`${port}: ${path} comes back as often as it is removed; another program takes the port, too`);
		} finally {
			rmSync(own, { force: true });
		}
	}

	/** Leaves a lock alone that somebody has taken since for another device of that name. */
	release(): void {
		held.delete(this.#path);
		if (read(this.#path) === this.#content) rmSync(this.#path, { force: true });
	}
}

/** False where there is one already. */
function linked(own: string, path: string): boolean {
	try {
		linkSync(own, path);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
		throw error;
	}
}

/** The process whose lock it is; undefined where the lock does not count. */
function ownerOf(content: string, path: string, device: string): number | undefined {
	const [pid = "", age = ""] = content.split("\n").map((line) => line.trim());
	const owner = Number.parseInt(pid, 10);
	if (!(owner > 0)) return undefined;
	if (owner === process.pid ? !held.has(path) : !isRunning(owner)) return undefined;
	// A node that has changed may be another device, or the same one after a chmod.
	return age === "" || age === ageOf(device) || hasOpen(owner, device) ? owner : undefined;
}

/** Takes a lock away that was read as `content`; one that somebody has put there since stays. */
function remove(path: string, content: string, folder: string): void {
	const aside = join(folder, `LTMP.${randomUUID()}`);
	try {
		renameSync(path, aside);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === "ENOENT") return;
		throw new Error(`the lock ${path} is left over, and is not ours to remove (${code}): remove it as its owner`);
	}
	if (read(aside) !== content) linked(aside, path);
	rmSync(aside, { force: true });
}
