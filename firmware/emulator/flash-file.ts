import { closeSync, existsSync, fdatasyncSync, openSync, readSync, writeSync } from "node:fs";
import { defaultGeometry, type Flash, type Geometry } from "./flash.ts";

/** Flash in a file: durable when `sync` returns, which the machine calls before it answers. */
export class FlashFile implements Flash {
	readonly sectorSize: number;
	readonly sectorCount: number;
	readonly #fd: number;
	#dirty = false;

	constructor(path: string, geometry: Geometry = defaultGeometry) {
		this.sectorSize = geometry.sectorSize;
		this.sectorCount = geometry.sectorCount;
		const fresh = !existsSync(path);
		this.#fd = openSync(path, fresh ? "w+" : "r+", 0o600);
		if (fresh) {
			for (let sector = 0; sector < this.sectorCount; sector++) this.erase(sector);
			this.sync();
		}
	}

	read(address: number, target: Uint8Array): void {
		readSync(this.#fd, target, 0, target.length, address);
	}

	program(address: number, octets: Uint8Array): void {
		const there = new Uint8Array(octets.length);
		this.read(address, there);
		for (let i = 0; i < there.length; i++) there[i] &= octets[i];
		writeSync(this.#fd, there, 0, there.length, address);
		this.#dirty = true;
	}

	erase(sector: number): void {
		const blank = new Uint8Array(this.sectorSize).fill(0xff);
		writeSync(this.#fd, blank, 0, blank.length, sector * this.sectorSize);
		this.#dirty = true;
	}

	sync(): void {
		if (this.#dirty) fdatasyncSync(this.#fd);
		this.#dirty = false;
	}

	close(): void {
		this.sync();
		closeSync(this.#fd);
	}
}
