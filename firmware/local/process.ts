import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** A process of this machine while it runs. */
export interface RunningProcess {
	readonly pid: number;
	/** Tells it from every other one that gets its number; undefined where the system does not say. */
	readonly birth: string | undefined;
	/** When it began, in milliseconds since 1970, to within a second or two; undefined where the system does not say. */
	readonly began: number | undefined;
}

/** Of the times in /proc, in every Linux. */
const TICKS_A_SECOND = 100;

export function readText(path: string): string | undefined {
	try {
		return readFileSync(path, "latin1");
	} catch {
		return undefined;
	}
}

/** Is there a process of that number? Without /proc nobody can tell more. */
function exists(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

/** Undefined where none runs: a zombie has ended, and waits only for somebody to ask how. */
export function processOf(pid: number): RunningProcess | undefined {
	if (!Number.isInteger(pid) || pid <= 0 || !exists(pid)) return undefined;
	// The name in brackets may hold anything; state and start are fields 3 and 22 (proc(5)).
	const [, fields = ""] = /^.*\) (.*)$/s.exec(readText(`/proc/${pid}/stat`) ?? "") ?? [];
	const [state, ...rest] = fields.split(" ");
	if (state === "Z" || state === "X" || state === "x") return undefined;
	const start = Number(rest[18]);
	const [, boot] = /^btime (\d+)$/m.exec(readText("/proc/stat") ?? "") ?? [];
	if (!state || !Number.isInteger(start) || boot === undefined) return { pid, birth: undefined, began: undefined };
	return { pid, birth: `${boot}.${start}`, began: (Number(boot) + start / TICKS_A_SECOND) * 1000 };
}

/** What a process runs; empty where the system does not say. */
export const commandLineOf = (pid: number): string =>
	(readText(`/proc/${pid}/cmdline`) ?? "").split("\0").filter(Boolean).join(" ");

/** Whether a process has a file or device open; undefined where the system does not say. */
export function hasOpen(pid: number, path: string): boolean | undefined {
	const folder = `/proc/${pid}/fd`;
	try {
		return readdirSync(folder).some((name) => {
			try {
				return readlinkSync(join(folder, name)) === path;
			} catch {
				return false;
			}
		});
	} catch {
		return undefined;
	}
}
