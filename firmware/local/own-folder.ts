import { mkdirSync, statSync } from "node:fs";

/** The folder may be read or written by somebody else; the message says what to do. */
export class FolderNotOwn extends Error {}

const OTHERS_WRITE = 0o002;

/**
 * Makes a folder for its owner alone. One that is there keeps its mode; it is refused where it belongs to another user, or
 * where anybody may put something into it, a link for instance that leads what is written somewhere else.
 */
export function makeOwnFolder(path: string): void {
	mkdirSync(path, { recursive: true, mode: 0o700 });
	const { mode, uid } = statSync(path);
	if (uid !== process.geteuid?.())
		throw new FolderNotOwn(
			`${path} belongs to another user: what is kept there is not safe from him; name another folder`,
		);
	if ((mode & OTHERS_WRITE) !== 0)
		throw new FolderNotOwn(`anybody may write into ${path}: keys do not belong there; name another folder`);
}
