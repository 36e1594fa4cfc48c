import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { signedImage } from "../../firmware/build/bundle.mjs";
import { type UpdateKey, updateKey } from "../../firmware/build/update-key.mjs";
import { headersOf } from "../../firmware/contract/bundle.ts";
import { image as layout } from "../../firmware/contract/image.ts";
import { loadArtefacts } from "../../firmware/emulator/artefacts.ts";
import { BootStage } from "../../firmware/emulator/boot-stage.ts";
import type { Geometry } from "../../firmware/emulator/flash.ts";
import { defaultGeometry } from "../../firmware/emulator/flash.ts";
import { FlashMemory } from "../../firmware/emulator/flash-memory.ts";
import { Machine } from "../../firmware/emulator/machine.ts";
import { PowerCut } from "../../firmware/emulator/power.ts";
import { DirectTre } from "./machine.ts";
import { builtBootStage, slotsGeometry } from "./slots.ts";

const root = resolve(".");
export const developmentKey: UpdateKey = updateKey(root);
const UNIT = 4;
const NOTHING = 0.4;

/** When the power goes: so many operations of the flash from now on; undefined where it holds. */
export interface Power {
	left: number | undefined;
	/** Of all that were done. */
	operations: number;
}

/** A flash that is programmed by words, and whose power may go in the middle of any. */
class CuttingFlash extends FlashMemory {
	readonly #power: Power;
	readonly #random: () => number;

	constructor(geometry: Geometry, power: Power, random: () => number) {
		super(geometry);
		this.#power = power;
		this.#random = random;
	}

	override program(address: number, octets: Uint8Array): void {
		for (let at = 0; at < octets.length; at += UNIT) {
			const unit = octets.subarray(at, at + UNIT);
			this.#operation(
				() => super.program(address + at, unit),
				() =>
					super.program(
						address + at,
						unit.map((octet) => octet | Math.floor(this.#random() * 256)),
					),
			);
		}
	}

	override erase(sector: number): void {
		const part = this.octets.subarray(sector * this.sectorSize, (sector + 1) * this.sectorSize);
		this.#operation(
			() => super.erase(sector),
			() => {
				for (let n = 0; n < part.length; n++) part[n] |= Math.floor(this.#random() * 256);
			},
		);
	}

	#operation(whole: () => void, torn: () => void): void {
		const { left } = this.#power;
		this.#power.operations++;
		if (left === 0) {
			// Often nothing of it has happened yet.
			if (this.#random() > NOTHING) torn();
			throw new PowerCut("the power is off");
		}
		if (left !== undefined) this.#power.left = left - 1;
		whole();
	}
}

export interface Release {
	readonly version: string;
	readonly securityCounter?: number;
	readonly board?: string;
	/** Octets of the image. */
	readonly size?: number;
	readonly key?: UpdateKey;
}

/** Header and image of each slot. What an image holds is nothing to the boot stage: the tests' firmware is always the same. */
export async function slotImages(release: Release): Promise<readonly Buffer[]> {
	const { version, securityCounter = 1, board = "emulator", size = 600, key = developmentKey } = release;
	const image = Buffer.alloc(size);
	for (let at = 0; at < size; at += 32) createHash("sha256").update(`${version} ${at}`).digest().copy(image, at);
	return Promise.all(
		[0, 1].map((address) => signedImage(root, { board, address, image, version, securityCounter }, key)),
	);
}

/** What runs on a device where it is not what was built: `firmware`, whatever the slots hold. */
export interface Modules {
	readonly firmware?: WebAssembly.Module;
	readonly bootStage?: WebAssembly.Module;
}

/** A device with a boot stage, two slots and a store, in this process. */
export class UpdatableDevice {
	readonly power: Power = { left: undefined, operations: 0 };
	readonly store: FlashMemory;
	readonly slots: FlashMemory;
	readonly boot: BootStage;
	readonly rootKey: Uint8Array;
	#slot = 0;

	readonly #firmware: WebAssembly.Module;

	constructor(
		rootKey: Uint8Array = new Uint8Array(32).fill(0x5a),
		random: () => number = Math.random,
		{ firmware = loadArtefacts().tre, bootStage = builtBootStage }: Modules = {},
	) {
		this.rootKey = rootKey;
		this.#firmware = firmware;
		this.store = new CuttingFlash(defaultGeometry, this.power, random);
		this.slots = new CuttingFlash(slotsGeometry, this.power, random);
		this.boot = new BootStage(bootStage, this.slots);
	}

	/** Slot A holds this, and there are no records. */
	flash(slots: readonly Uint8Array[]): void {
		this.boot.flash(slots[0] as Uint8Array, layout.HEADER_SIZE);
	}

	/** The slot of the last start. */
	get slot(): number {
		return this.#slot;
	}

	/** A start, greeted by a host. */
	start(seconds?: () => number): DirectTre {
		this.#slot = this.boot.select();
		return new DirectTre(this.store, this.rootKey, this.#firmware, {
			update: this.boot.port(this.#slot),
			...(seconds ? { seconds } : {}),
		});
	}

	/** A start that no host greets. */
	startSilently(seconds: () => number = () => 0): Machine {
		this.#slot = this.boot.select();
		return new Machine({
			...{ ...loadArtefacts(), tre: this.#firmware },
			...{ flash: this.store, rootKey: this.rootKey, seconds, uartWrite: () => undefined },
			update: this.boot.port(this.#slot),
		});
	}

	/** A copy of all that outlives the power. */
	snapshot(): { readonly store: Uint8Array; readonly slots: Uint8Array } {
		return { store: this.store.octets.slice(), slots: this.slots.octets.slice() };
	}

	restore({ store, slots }: { readonly store: Uint8Array; readonly slots: Uint8Array }): void {
		this.store.octets.set(store);
		this.slots.octets.set(slots);
		this.power.left = undefined;
	}
}

/** Sends an update up to its end; the device restarts then. */
export function sendUpdate(tre: DirectTre, slots: readonly Uint8Array[], chunk = 256): void {
	const { slot, length } = tre.call("updateBegin", { headers: headersOf(slots) });
	const octets = (slots[slot] as Uint8Array).subarray(layout.HEADER_SIZE);
	for (
		let at = 0;
		at < length;
		at = tre.call("updateOctets", { offset: at, octets: octets.subarray(at, at + chunk) }).next
	);
	tre.call("updateEnd", {});
}
