import type { Grain } from "./plan.ts";

/** What of a flash its chip guards. */
export interface Protection {
	/** A debugger or loader does not get at the flash. */
	readonly isReadProtected: boolean;
	/** Numbers of sectors that are neither erased nor written. */
	readonly writeProtected: readonly number[];
}

/**
 * A chip whose core stands still, behind a loader, a probe or a GDB server. Addresses are those of the core. What fails
 * rejects with the words of whatever failed; `flashChip` says what that means.
 */
export interface Chip {
	/** What it says that it is, in words. */
	readonly says: string;
	/** Whether that is the board's chip; undefined where nobody there can tell. */
	readonly isOfBoard: boolean | undefined;
	readonly grain: Grain;
	/** What is read passes through this program's memory only: key and store may be read. */
	readonly readsPrivately: boolean;
	/** Undefined where nobody there can tell. */
	readonly protection: Protection | undefined;
	read(address: number, length: number, done: (octets: number) => void): Promise<Uint8Array>;
	erase(sector: number): Promise<void>;
	/** Into erased octets, or where the grain is sectors into whole ones that this erases first. */
	write(address: number, octets: Uint8Array, done: (octets: number) => void): Promise<void>;
	/** Starts what stands in the flash, and ends the session. */
	start(): Promise<void>;
	/** Lets go of it, also in the middle of something. */
	close(): Promise<void>;
}
