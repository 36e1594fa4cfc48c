/** The board's flash as `firmware/tre` sees it; see `firmware/tre/platform/flash.ts`. */
export interface Flash {
	readonly sectorSize: number;
	readonly sectorCount: number;
	read(address: number, target: Uint8Array): void;
	/** Clears bits: what is there, and'ed with `octets`. */
	program(address: number, octets: Uint8Array): void;
	erase(sector: number): void;
	/** Makes all of it durable. */
	sync(): void;
}

export interface Geometry {
	readonly sectorSize: number;
	readonly sectorCount: number;
}

export const defaultGeometry: Geometry = { sectorSize: 16 * 1024, sectorCount: 8 };
