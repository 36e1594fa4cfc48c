import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { decodeParts } from "../contract/bundle.ts";
import { image } from "../contract/image.ts";

/** The flash map of a `board.json`, of a board with a boot stage. */
export interface FlashMap {
	readonly base: string;
	readonly sectors: readonly number[];
	readonly bootStage: readonly number[];
	readonly bootRecords: readonly number[];
	readonly slots: readonly (readonly number[])[];
	readonly rootKey: readonly number[];
	readonly store: readonly number[];
}

/** As `records.c` has it. */
const RECORD = 16;
const RECORD_MAGIC = 0x54524542;

interface Area {
	readonly at: number;
	readonly size: number;
}

function areaOf({ sectors }: FlashMap, numbers: readonly number[]): Area {
	const sizes = (some: readonly number[]) => some.reduce((sum, size) => sum + size, 0);
	return { at: sizes(sectors.slice(0, numbers[0])), size: sizes(numbers.map((number) => sectors[number] ?? 0)) };
}

/** Has a boot record ever been written here? Then an update has chosen what runs. */
function hasRecord(octets: Buffer): boolean {
	for (let at = 0; at + RECORD <= octets.length; at += RECORD)
		if ((~octets.readUInt32LE(at + 4) ^ RECORD_MAGIC) >>> 0 === octets.readUInt32LE(at)) return true;
	return false;
}

/** What a file that is too short lacks was never programmed. */
const filledUp = (octets: Buffer, size: number): Buffer =>
	Buffer.concat([octets, Buffer.alloc(Math.max(0, size - octets.length), 0xff)]);

/** Until slots came the file held the store and, behind it, the device root key, and nothing else. */
function withoutSlots(octets: Buffer, map: FlashMap, size: number): Buffer {
	const store = areaOf(map, map.store);
	const key = areaOf(map, map.rootKey);
	const whole = Buffer.alloc(size, 0xff);
	octets.copy(whole, store.at, 0, store.size);
	octets.copy(whole, key.at, store.size, store.size + key.size);
	return whole;
}

function contentOf(path: string, map: FlashMap, size: number): Buffer {
	if (!existsSync(path)) return Buffer.alloc(size, 0xff);
	const octets = readFileSync(path);
	if (octets.length >= size) return octets.subarray(0, size);
	const former = areaOf(map, map.store).size + areaOf(map, map.rootKey).size;
	// A file that is shorter was being made when QEMU was killed: nothing was programmed into it yet.
	return octets.length <= former ? withoutSlots(filledUp(octets, former), map, size) : filledUp(octets, size);
}

/**
 * Makes the file of a board's flash what it is to be when the power comes: the firmware that was built, in slot A, until an
 * update has changed that. Answers whether it runs what was built here. Store and device root key are left as they are.
 */
export function flashBoardFile(path: string, map: FlashMap, bundle: string, anew: boolean): boolean {
	const size = map.sectors.reduce((sum, octets) => sum + octets, 0);
	const octets = contentOf(path, map, size);
	const records = areaOf(map, map.bootRecords);
	if (!anew && hasRecord(octets.subarray(records.at, records.at + records.size))) return false;
	const { bootStage, slots } = decodeParts(readFileSync(bundle));
	const slotA = slots[0] as Uint8Array;
	const before = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
	const put = (area: Area, content: Uint8Array): void => {
		octets.fill(0xff, area.at, area.at + area.size);
		octets.set(content, area.at);
	};
	const [first, second] = map.slots.map((sectors) => areaOf(map, sectors)) as [Area, Area];
	put(areaOf(map, map.bootStage), bootStage);
	put(records, new Uint8Array(0));
	// Signatures differ from build to build: what is signed is what is compared.
	const signed = (content: Uint8Array): Buffer => Buffer.from(content.subarray(0, image.SIGNED_SIZE));
	if (!signed(octets.subarray(first.at)).equals(signed(slotA))) put(first, slotA);
	if (octets.readUInt32LE(second.at) !== image.magic) put(second, new Uint8Array(0));
	if (!octets.equals(before)) {
		writeFileSync(`${path}.new`, octets, { mode: 0o600 });
		renameSync(`${path}.new`, path);
	}
	return true;
}
