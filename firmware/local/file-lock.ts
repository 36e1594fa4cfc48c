import { randomUUID } from "node:crypto";
import { linkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { commandLineOf, processOf, readText } from "./process.ts";

/** Somebody has what is to be locked; `owner` is his process, and may be this one. */
export class Locked extends Error {
	readonly owner: number;

	constructor(what: string, owner: number, advice: string) {
		super(`${what} is in use by ${describe(owner)}; ${advice}`);
		this.owner = owner;
	}
}

function describe(owner: number): string {
	if (owner === process.pid) return "this process";
	const command = commandLineOf(owner);
	return `process ${owner}${command === "" ? "" : ` (${command.slice(0, 120)})`}`;
}

export interface LockOptions {
	/** What is locked, for those who read an error. */
	readonly what: string;
	/** What whoever does not get it is told to do. */
	readonly advice: string;
	/** Tells what is locked from another thing that has its name later, or from a copy. */
	readonly mark: string;
	/** Has that process what is locked, whatever the mark says? Undefined where nobody can tell. */
	readonly has?: (pid: number) => boolean | undefined;
}

const ATTEMPTS = 20;
/** A process is known to have begun to within so much. */
const SLACK_MS = 3_000;

/** Locks of this process; a second one on the same thing is refused, too. */
const held = new Set<string>();

/**
 * An exclusive claim by a file: the owner's process id in ten digits, as UUCP wrote it, what is locked, and when the owner
 * began. A lock counts while its owner runs: not a zombie, not another process that was given its number, and not of
 * another thing.
 */
export class FileLock {
	readonly #path: string;
	readonly #content: string;

	private constructor(path: string, content: string) {
		this.#path = path;
		this.#content = content;
		held.add(path);
	}

	/** Throws Locked where somebody else has it. */
	static take(path: string, options: LockOptions): FileLock {
		const own = join(dirname(path), `LTMP.${randomUUID()}`);
		const content = `${String(process.pid).padStart(10)}\n${options.mark}\n${processOf(process.pid)?.birth ?? ""}\n`;
		writeFileSync(own, content, { flag: "wx", mode: 0o644 });
		try {
			for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
				if (linked(own, path)) return new FileLock(path, content);
				const owner = ownerOf(path, options);
				if (owner !== undefined) throw new Locked(options.what, owner, options.advice);
				clearAway(own, path, options);
			}
			throw new Error(`${path} comes back as often as it is removed; another program takes ${options.what}, too`);
		} finally {
			rmSync(own, { force: true });
		}
	}

	/** Leaves a lock alone that somebody has taken since for another thing of that name. */
	release(): void {
		held.delete(this.#path);
		if (readText(this.#path) === this.#content) rmSync(this.#path, { force: true });
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

/** Who has what a lock at that path stands for, in words; undefined where nobody has it. */
export function holderOf(path: string, options: LockOptions): string | undefined {
	const owner = ownerOf(path, options);
	return owner === undefined ? undefined : describe(owner);
}

/** The process whose lock it is; undefined where there is none, or none that counts. */
function ownerOf(path: string, { mark, has }: LockOptions): number | undefined {
	const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
	const [pid = "", of = "", birth = ""] = (readText(path) ?? "").split("\n").map((line) => line.trim());
	const owner = processOf(Number.parseInt(pid, 10));
	if (!owner || written === undefined) return undefined;
	if (owner.pid === process.pid && !held.has(path)) return undefined;
	if (birth !== "" && owner.birth !== undefined && birth !== owner.birth) return undefined;
	// A lock of another program does not say when its owner began; one that began later was given its number.
	if (birth === "" && owner.began !== undefined && owner.began > written + SLACK_MS) return undefined;
	return of === "" || of === mark || (has !== undefined && has(owner.pid) !== false) ? owner.pid : undefined;
}

/**
 * Takes a lock away that does not count. One at a time: a second one would remove what the first has just taken. Whoever
 * dies here leaves a mark that counts as little as he does.
 */
function clearAway(own: string, path: string, options: LockOptions): void {
	const turn = `${path}.turn`;
	if (!linked(own, turn)) {
		if (ownerOf(turn, { ...options, has: undefined }) === undefined) rmSync(turn, { force: true });
		return;
	}
	try {
		if (ownerOf(path, options) === undefined) rmSync(path, { force: true });
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new Error(`the lock ${path} is left over, and is not ours to remove (${code}): remove it as its owner`);
	} finally {
		rmSync(turn, { force: true });
	}
}
