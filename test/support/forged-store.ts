import type { Geometry } from "../../firmware/emulator/flash.ts";
import { FlashMemory } from "../../firmware/emulator/flash-memory.ts";
import { readFlash, seal, writeFlash } from "./flash-image.ts";
import { randomOctets } from "./operators.ts";

/*
 * Stores in a state that no short life reaches, written record by record without the firmware. Keys as in
 * firmware/tre/store/records.ts.
 */
const MCIM = 32;
const MCIM_PARAMETERS = 40;
const MCIM_KEY = 48;
const LOG = 0x60;
const SEQ = 0x100;
const FINGERPRINT = 0x400;
const KEY_AKA = 5;

export type Records = Map<number, Uint8Array>;

/** The latest octets of each record. */
export function recordsOf(flash: Uint8Array): Records {
	const records: Records = new Map();
	for (const { key, octets } of readFlash(Buffer.from(flash))) {
		if (octets.length > 0) records.set(key, octets);
		else records.delete(key);
	}
	return records;
}

/** Octets that a bank with these records holds, without the end of the transaction. */
export const sizeOf = (records: Records): number =>
	[...records.values()].reduce((sum, octets) => sum + 12 + Math.ceil(octets.length / 4) * 4, 16 + 12);

export function flashWith(records: Records, geometry: Geometry): FlashMemory {
	const flash = new FlashMemory(geometry);
	flash.octets.set(writeFlash(flash.octets.length, records));
	return flash;
}

/** `count` fingerprints of K that the device has held; the first one is its own. */
export function withFingerprints(records: Records, count: number): Records {
	const more = new Map(records);
	for (let n = 1; n < count; n++) more.set(FINGERPRINT + n, randomOctets(16));
	return more;
}

/** `count` MCIMs in all: the device's own, and others that are kept, each with parameters and `indexes` SEQ_MS. */
export function withMcims(records: Records, rootKey: Uint8Array, count: number, indexes = 0): Records {
	const more = new Map(records);
	const own = more.get(MCIM);
	if (!own) throw new Error("no MCIM stands in slot 0");
	for (let slot = 0; slot < count; slot++) {
		if (slot > 0) {
			const other = Buffer.from(own);
			other.set(randomOctets(16), 0);
			other.write(`00101${String(9_000_000_000 + slot)}`, 56);
			more.set(MCIM + slot, other);
			more.set(MCIM_KEY + slot, seal(rootKey, KEY_AKA, randomOctets(32)));
		}
		more.set(MCIM_PARAMETERS + slot, randomOctets(32));
		for (let index = 0; index < indexes; index++)
			if (!more.has(SEQ + 32 * slot + index)) more.set(SEQ + 32 * slot + index, Buffer.from("000000000001", "hex"));
	}
	return more;
}

/** An audit trail that has gone round once. */
export function withFullLog(records: Records): Records {
	const more = new Map(records);
	for (let n = 0; n < 32; n++) {
		const entry = Buffer.alloc(28, 0xaa);
		entry.writeUInt32BE(n, 0);
		entry.writeUInt32BE(5, 8);
		more.set(LOG + n, entry);
	}
	return more;
}
