/** Why nothing was written: what stands on the device is as it was. */
export type RefusalName =
	| "board-unknown"
	| "board-not-flashable"
	| "bundle-missing"
	| "bundle-damaged"
	| "bundle-of-other-board"
	| "chip-other"
	| "chip-untold"
	| "chip-read-protected"
	| "sector-write-protected"
	| "target-unfit"
	| "target-silent"
	| "tool-missing"
	| "way-not-here"
	| "not-agreed";

/** Refused before anything was erased; the message says what to do. */
export class FlashRefused extends Error {
	readonly code: RefusalName;

	constructor(code: RefusalName, what: string, advice: string) {
		super(`${what}; ${advice}`);
		this.code = code;
	}
}

/** It broke off, or what was read back is not what was written: the device may not start until the same command has run. */
export class FlashBroken extends Error {
	constructor(what: string) {
		super(`${what}; run the same command again, it begins anew and repairs what was left half done`);
	}
}
