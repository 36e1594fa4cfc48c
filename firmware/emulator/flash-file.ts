import { closeSync, existsSync, fdatasyncSync, openSync, readSync, writeSync } from "node:fs";
import { defaultGeometry, type Geometry } from "./flash.ts";
import { FlashMemory } from "./flash-memory.ts";
import { type Power, PowerCut } from "./power.ts";

/**
 * Flash in a file, with a copy in memory that is read from. The file is written first; it is durable when `sync`
 * returns, which the machine calls before it answers.
 */
export class FlashFile extends FlashMemory {
	readonly #fd: number;
	readonly #power: Power | undefined;
	#dirty = false;

	constructor(path: string, geometry: Geometry = defaultGeometry, power?: Power) {
		super(geometry);
		this.#power = power;
		const fresh = !existsSync(path);
		this.#fd = openSync(path, fresh ? "w+" : "r+", 0o600);
		if (fresh) {
			this.#write(0, this.octets);
			this.sync();
		} else readSync(this.#fd, this.octets, 0, this.octets.length, 0);
	}

	override program(address: number, octets: Uint8Array): void {
		this.#powered(octets.length, (length) => {
			const there = this.octets.slice(address, address + length);
			for (let n = 0; n < there.length; n++) there[n] &= octets[n];
			this.#write(address, there);
			super.program(address, octets.subarray(0, length));
		});
	}

	override erase(sector: number): void {
		const at = sector * this.sectorSize;
		this.#powered(this.sectorSize, (length) => {
			this.#write(at, new Uint8Array(length).fill(0xff));
			this.octets.fill(0xff, at, at + length);
		});
	}

	/** Does so much of an operation as the power lasts for. */
	#powered(length: number, operation: (length: number) => void): void {
		const left = this.#power?.octetsLeft();
		operation(Math.min(length, left ?? length));
		if (left !== undefined) throw new PowerCut("the power is off");
	}

	override sync(): void {
		if (this.#dirty) fdatasyncSync(this.#fd);
		this.#dirty = false;
	}

	close(): void {
		this.sync();
		closeSync(this.#fd);
	}

	/** Throws where the file does not take all of it; the copy then holds what the file does. */
	#write(address: number, octets: Uint8Array): void {
		this.#dirty = true;
		try {
			for (let done = 0; done < octets.length; )
				done += writeSync(this.#fd, octets, done, octets.length - done, address + done);
		} catch (error) {
			readSync(this.#fd, this.octets, address, octets.length, address);
			throw error;
		}
	}
}
