import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** The folder may be read or written by somebody else; the message says what to do. */
export class FolderNotOwn extends Error {}

/** The system makes no folder there; the message says what to do. */
export class NoFolderThere extends Error {}

const OTHERS_WRITE = 0o002;

/** False where there is one already. */
function made(path: string, mode: number): boolean {
	try {
		mkdirSync(path, { mode });
		return true;
	} catch (error) {
		if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
		return false;
	}
}

/**
 * Makes a folder, and those above it. The recursive mkdir of Node never comes back from a file system that has no place for
 * a new folder in one that is there, as /proc.
 */
export function makeFolder(path: string, mode = 0o777): void {
	try {
		made(path, mode);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		const above = dirname(path);
		if (existsSync(above)) throw new NoFolderThere(`no folder can be made in ${above}; name another one than ${path}`);
		makeFolder(above, mode);
		made(path, mode);
	}
}

/**
 * Makes a folder for its owner alone. One that is there keeps its mode; it is refused where it belongs to another user, or
 * where anybody may put something into it, a link for instance that leads what is written somewhere else.
 */
export function makeOwnFolder(path: string): void {
	makeFolder(path, 0o700);
	const { mode, uid } = statSync(path);
	if (uid !== process.geteuid?.())
		throw new FolderNotOwn(
			`${path} belongs to another user: what is kept there is not safe from him; name another folder`,
		);
	if ((mode & OTHERS_WRITE) !== 0)
		throw new FolderNotOwn(`anybody may write into ${path}: keys do not belong there; name another folder`);
}
