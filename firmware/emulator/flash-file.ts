import { closeSync, existsSync, fdatasyncSync, openSync, readSync, writeSync } from "node:fs";
import { defaultGeometry, type Geometry } from "./flash.ts";
import { FlashMemory } from "./flash-memory.ts";

/**
 * Flash in a file, with a copy in memory that is read from. What is written goes to both, and is durable when
 * `sync` returns, which the machine calls before it answers.
 */
export class FlashFile extends FlashMemory {
	readonly #fd: number;
	#dirty = false;

	constructor(path: string, geometry: Geometry = defaultGeometry) {
		super(geometry);
		const fresh = !existsSync(path);
		this.#fd = openSync(path, fresh ? "w+" : "r+", 0o600);
		if (fresh) {
			this.#write(0, this.octets.length);
			this.sync();
		} else readSync(this.#fd, this.octets, 0, this.octets.length, 0);
	}

	override program(address: number, octets: Uint8Array): void {
		super.program(address, octets);
		this.#write(address, octets.length);
	}

	override erase(sector: number): void {
		super.erase(sector);
		this.#write(sector * this.sectorSize, this.sectorSize);
	}

	override sync(): void {
		if (this.#dirty) fdatasyncSync(this.#fd);
		this.#dirty = false;
	}

	close(): void {
		this.sync();
		closeSync(this.#fd);
	}

	#write(address: number, length: number): void {
		this.#dirty = true;
		writeSync(this.#fd, this.octets, address, length, address);
	}
}
