import { readFileSync } from "node:fs";
import { decodeParts } from "../../firmware/contract/bundle.ts";
import { image as layout } from "../../firmware/contract/image.ts";
import { BootStage, type UpdatePort } from "../../firmware/emulator/boot-stage.ts";
import type { Geometry } from "../../firmware/emulator/flash.ts";
import { FlashMemory } from "../../firmware/emulator/flash-memory.ts";

export const builtBootStage = new WebAssembly.Module(new Uint8Array(readFileSync("build/boot.wasm")));
/** Boot records, and two slots. */
export const slotsGeometry: Geometry = { sectorSize: 4096, sectorCount: 2 + 2 * 64 };

let shared: UpdatePort | undefined;

/** The slots of devices in this process that are not there to be updated: the firmware that is built, in slot A. */
export function sharedSlots(): UpdatePort {
	if (shared) return shared;
	const boot = new BootStage(builtBootStage, new FlashMemory(slotsGeometry));
	boot.flash(decodeParts(readFileSync("build/emulator.bundle")).slots[0] as Uint8Array, layout.HEADER_SIZE);
	shared = boot.port(0);
	return shared;
}
