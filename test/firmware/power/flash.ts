import type { Geometry } from "../../../firmware/emulator/flash.ts";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";

/** Octets that a board programs at once. */
export const UNIT = 4;

/** One operation of the flash controller. */
export type Operation =
	| { readonly kind: "program"; readonly address: number; readonly octets: Uint8Array }
	| { readonly kind: "erase"; readonly sector: number };

/** A unit was programmed twice between two erases, or not as a whole: no board does that. */
export class FlashMisuse extends Error {}

/** A flash that keeps what it was told to do, unit by unit, and insists on what a real one needs. */
export class RecordingFlash extends FlashMemory {
	readonly operations: Operation[] = [];
	readonly misuse: FlashMisuse[] = [];

	constructor(geometry: Geometry, image?: Uint8Array) {
		super(geometry);
		if (image) this.octets.set(image);
	}

	override program(address: number, octets: Uint8Array): void {
		if (address % UNIT !== 0 || octets.length % UNIT !== 0)
			this.misuse.push(new FlashMisuse(`${octets.length} octets at ${address} are no whole units`));
		for (let at = 0; at < octets.length; at += UNIT) {
			const unit = this.octets.subarray(address + at, address + at + UNIT);
			if (unit.some((octet) => octet !== 0xff))
				this.misuse.push(new FlashMisuse(`the unit at ${address + at} is programmed twice`));
			this.operations.push({ kind: "program", address: address + at, octets: octets.slice(at, at + UNIT) });
		}
		super.program(address, octets);
	}

	override erase(sector: number): void {
		this.operations.push({ kind: "erase", sector });
		super.erase(sector);
	}
}

/** Does an operation on an image, whole. */
export function apply(image: Uint8Array, operation: Operation, sectorSize: number): void {
	if (operation.kind === "erase") {
		image.fill(0xff, operation.sector * sectorSize, (operation.sector + 1) * sectorSize);
		return;
	}
	for (let i = 0; i < operation.octets.length; i++) image[operation.address + i] &= operation.octets[i];
}

/** Does an operation on an image until the power fails in the middle of it: any subset of its bits has changed. */
export function tear(image: Uint8Array, operation: Operation, sectorSize: number, random: () => number): void {
	if (operation.kind === "program") {
		for (let i = 0; i < operation.octets.length; i++) {
			const kept = Math.floor(random() * 256);
			image[operation.address + i] &= operation.octets[i] | kept;
		}
		return;
	}
	const base = operation.sector * sectorSize;
	// An erase lifts bits in any order; often it has got somewhere and not further.
	const reached = random() < 0.5 ? Math.floor(random() * sectorSize) : sectorSize;
	const share = random();
	for (let i = 0; i < reached; i++) {
		if (random() < share) image[base + i] |= random() < 0.5 ? 0xff : Math.floor(random() * 256);
	}
}
