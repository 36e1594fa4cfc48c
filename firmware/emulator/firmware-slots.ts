import { readFileSync } from "node:fs";
import { imageFields, image as layout } from "../contract/image.ts";
import { BootStage } from "./boot-stage.ts";
import { FlashFile } from "./flash-file.ts";
import type { Power } from "./power.ts";

/** As `port_wasm.c` lays it out: two sectors of records, then two slots of 256 KiB. */
const geometry = { sectorSize: 4096, sectorCount: 2 + 2 * 64 };

export interface Firmware {
	readonly tre: WebAssembly.Module;
	readonly crypto: WebAssembly.Module;
}

const LENGTH = 4;

/** The two modules of an image (`emulatorImage` of the build). */
function modulesOf(image: Uint8Array): Firmware {
	const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
	const first = view.getUint32(0, true);
	const second = view.getUint32(LENGTH + first, true);
	const at = 2 * LENGTH + first;
	return {
		tre: new WebAssembly.Module(image.slice(LENGTH, LENGTH + first)),
		crypto: new WebAssembly.Module(image.slice(at, at + second)),
	};
}

/** The firmware of a device on this machine: its slots and boot records in a file, with the boot stage in front of them. */
export class FirmwareSlots {
	readonly boot: BootStage;
	readonly #flash: FlashFile;
	#loaded: { readonly digest: string; readonly firmware: Firmware } | undefined;

	constructor(path: string, bootStage: string, power: Power) {
		this.#flash = new FlashFile(path, geometry, power);
		this.boot = new BootStage(new WebAssembly.Module(new Uint8Array(readFileSync(bootStage))), this.#flash);
	}

	/**
	 * Puts a firmware (header and image) into slot A, unless it is there. A device that an update has changed keeps what
	 * the update brought, but where it is told to let it go (`anew`). Answers whether the device now is as flashed with it.
	 */
	flashed(octets: Uint8Array, anew: boolean): boolean {
		if (!anew && !this.boot.isAsFlashed) return false;
		const there = new Uint8Array(layout.USED_SIZE);
		this.#flash.read(this.boot.place(0), there);
		const same = Buffer.from(there).equals(Buffer.from(octets.subarray(0, layout.USED_SIZE)));
		if (!same || !this.boot.isAsFlashed) this.boot.flash(octets, layout.HEADER_SIZE);
		return true;
	}

	/** The modules in a slot that the boot stage has found good. */
	firmware(slot: number): Firmware {
		const header = new Uint8Array(layout.USED_SIZE);
		this.#flash.read(this.boot.place(slot), header);
		const digest = Buffer.from(header).toString("hex");
		if (this.#loaded?.digest === digest) return this.#loaded.firmware;
		const length = new DataView(header.buffer).getUint32(imageFields.length, true);
		const octets = new Uint8Array(length);
		this.#flash.read(this.boot.place(slot) + layout.HEADER_SIZE, octets);
		this.#loaded = { digest, firmware: modulesOf(octets) };
		return this.#loaded.firmware;
	}

	close(): void {
		this.#flash.close();
	}
}
