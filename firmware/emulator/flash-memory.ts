import { defaultGeometry, type Flash, type Geometry } from "./flash.ts";

/** Flash in RAM, for a TRE that is to leave nothing behind. */
export class FlashMemory implements Flash {
	readonly sectorSize: number;
	readonly sectorCount: number;
	readonly octets: Uint8Array;

	constructor(geometry: Geometry = defaultGeometry) {
		this.sectorSize = geometry.sectorSize;
		this.sectorCount = geometry.sectorCount;
		this.octets = new Uint8Array(geometry.sectorSize * geometry.sectorCount).fill(0xff);
	}

	read(address: number, target: Uint8Array): void {
		target.set(this.octets.subarray(address, address + target.length));
	}

	program(address: number, octets: Uint8Array): void {
		for (let i = 0; i < octets.length; i++) this.octets[address + i] &= octets[i];
	}

	erase(sector: number): void {
		this.octets.fill(0xff, sector * this.sectorSize, (sector + 1) * this.sectorSize);
	}

	sync(): void {}
}
