import { randomBytes } from "node:crypto";
import {
	existsSync,
	lstatSync,
	readFileSync,
	readlinkSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { FileLock } from "../local/file-lock.ts";
import { readNamed } from "../local/named-file.ts";
import { makeOwnFolder } from "../local/own-folder.ts";

export class FolderInUse extends Error {}

/** A link needs a folder that is there. */
export class NoFolderForLink extends Error {}

/** The folder is not, or not any more, what a device left there; the message says what to do. */
export class FolderDamaged extends Error {}

const KEY_OCTETS = 32;

/** The whole content or none of it, whatever happens meanwhile. */
function writeWhole(path: string, octets: Uint8Array): void {
	writeFileSync(`${path}.new`, octets, { mode: 0o600, flush: true });
	renameSync(`${path}.new`, path);
}

/** A device's folder: its flash, its device root key, and a lock while an emulator runs on it. */
export class StateFolder {
	readonly path: string;
	readonly flashPath: string;
	/** Boot records and slots for firmware. */
	readonly slotsPath: string;
	readonly #lock: FileLock;
	readonly #linkRecord: string;
	readonly #keyPath: string;

	/** Makes the folder, for its owner alone; the mode of one that is there stays as it is. */
	constructor(path: string) {
		makeOwnFolder(path);
		const { dev, ino } = statSync(path);
		this.path = path;
		this.flashPath = join(path, "flash.bin");
		this.slotsPath = join(path, "slots.bin");
		this.#keyPath = join(path, "root.key");
		this.#linkRecord = join(path, "link");
		this.#lock = FileLock.take(join(path, "lock"), {
			what: path,
			advice: "stop that emulator, or name another folder",
			// A copy of a folder is another device's.
			mark: `${dev}:${ino}`,
		});
	}

	/**
	 * The flash and the device root key, made at the first start: `size` octets that nothing was ever programmed into. A
	 * start that was broken off is made good; what has been used and is not whole is refused.
	 */
	device(size: number): { readonly rootKey: Uint8Array } {
		const flash = this.#flash(size);
		const key = existsSync(this.#keyPath) ? readNamed(this.#keyPath) : Buffer.alloc(0);
		if (flash === undefined && key.length > 0) {
			throw new FolderDamaged(
				`${this.flashPath} is gone, and this device had one: bring it back from a copy, or name another folder for a new device`,
			);
		}
		if (key.length === KEY_OCTETS) return { rootKey: key };
		if (flash?.some((octet) => octet !== 0xff)) {
			const fault = key.length === 0 ? "is gone" : `has ${key.length} octets in place of ${KEY_OCTETS}`;
			throw new FolderDamaged(
				`${this.#keyPath} ${fault}, and nothing else opens what stands in the flash: bring it back from a copy, or name another folder for a new device`,
			);
		}
		// The flash first: a key without a flash says that the flash was lost.
		if (flash === undefined) writeWhole(this.flashPath, new Uint8Array(size).fill(0xff));
		const rootKey = randomBytes(KEY_OCTETS);
		writeWhole(this.#keyPath, rootKey);
		return { rootKey };
	}

	/** Undefined where there is none yet. */
	#flash(size: number): Buffer | undefined {
		if (!existsSync(this.flashPath)) return undefined;
		const { size: found } = statSync(this.flashPath);
		if (found === size) return readFileSync(this.flashPath);
		const cut = found < size ? ", as if it had been cut off" : "";
		throw new FolderDamaged(
			`${this.flashPath} has ${found} octets in place of ${size}${cut}: bring it back from a copy, or name another folder for a new device`,
		);
	}

	/**
	 * Makes `path` a link to the terminal device. What stands there is left alone, unless it is a link
	 * that leads nowhere or that an emulator of this folder left behind when it was killed.
	 */
	takeLink(path: string, device: string): void {
		const folder = dirname(path);
		if (!existsSync(folder))
			throw new NoFolderForLink(`there is no folder ${folder} for the link ${path}; make it first`);
		const there = lstatSync(path, { throwIfNoEntry: false });
		const ours = existsSync(this.#linkRecord) && readFileSync(this.#linkRecord, "utf8") === path;
		if (there && !(there.isSymbolicLink() && (ours || !existsSync(path) || readlinkSync(path) === device))) {
			throw new FolderInUse(`${path} is there already; name another path for the link`);
		}
		writeFileSync(this.#linkRecord, path, { flush: true });
		rmSync(path, { force: true });
		symlinkSync(device, path);
	}

	/** Takes the link away, where it is still this emulator's. */
	dropLink(path: string, device: string): void {
		const there = lstatSync(path, { throwIfNoEntry: false });
		if (there?.isSymbolicLink() && readlinkSync(path) === device) rmSync(path, { force: true });
		rmSync(this.#linkRecord, { force: true });
	}

	release(): void {
		this.#lock.release();
	}
}
