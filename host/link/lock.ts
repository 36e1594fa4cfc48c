import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileLock, holderOf, type LockOptions } from "../../firmware/local/file-lock.ts";
import { hasOpen } from "../../firmware/local/process.ts";

/** Another program, or this one, has the port. */
export { Locked as PortInUse } from "../../firmware/local/file-lock.ts";

/** Where serial programs leave their lock files (FHS clause 5.9); minicom, picocom and others look there, too. */
const SHARED = "/run/lock";

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

/** Where a name of a device leads; the name itself where nothing is there, or has just gone with a cable or a restart. */
export function deviceOf(name: string): string {
	try {
		return realpathSync(name);
	} catch {
		return name;
	}
}

function lockOf(port: string): readonly [string, LockOptions] {
	// A link, by id or ours, leads to the device that others name.
	const device = deviceOf(port);
	return [
		join(folderOfLocks(), `LCK..${device.replace(/^\/dev\//, "").replaceAll("/", "_")}`),
		{
			what: port,
			advice: "stop that, or name another port",
			// A node that has changed may be another device, or the same one after a chmod: then who has it open decides.
			mark: ageOf(device),
			has: (pid) => hasOpen(pid, device),
		},
	];
}

/** An exclusive claim on a serial device. Throws PortInUse where somebody else has it. */
export const lockPort = (port: string): FileLock => FileLock.take(...lockOf(port));

/** Who has a serial device, in words; undefined where nobody has locked it. */
export const holderOfPort = (port: string): string | undefined => holderOf(...lockOf(port));
