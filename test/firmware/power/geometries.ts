import type { Geometry } from "../../../firmware/emulator/flash.ts";

/** Banks so small that the store compacts all the time. */
export const smallest: Geometry = { sectorSize: 7 * 1024, sectorCount: 4 };

/** Sectors of the emulator, of a board with few large ones, and of small ones. */
export const geometries: Readonly<Record<string, Geometry>> = {
	"8 sectors of 16 KiB": { sectorSize: 16 * 1024, sectorCount: 8 },
	"2 sectors of 128 KiB": { sectorSize: 128 * 1024, sectorCount: 2 },
	"8 sectors of 4 KiB": { sectorSize: 4 * 1024, sectorCount: 8 },
	"4 sectors of 7 KiB": smallest,
};
