import { crc32 } from "node:zlib";
import type { Geometry } from "../../../firmware/emulator/flash.ts";

/*
 * The store (docs/decisions.md, "The store") as an executable model: what an image means, written without
 * the firmware and without its optimisations.
 */

const MAGIC = 0x31455254;
const FORMAT = 1;
const COMMIT = 0xfffe;
const HEADER = 16;
const RECORD = 12;

export const RECORD_STATE = 1;
export const RECORD_BOOTS = 2;
/** The lowest security counter of a firmware that the device takes. */
export const RECORD_SECURITY_COUNTER = 25;
export const RECORD_ROOT_PENDING = 9;
export const RECORD_CHANGE = 12;
export const RECORD_WIPING = 15;

/** Octets (hex) by key, after the last transaction that counts. */
export type Records = ReadonlyMap<number, string>;

export interface StoreState {
	/** 0 where the flash holds no store yet. */
	readonly transaction: number;
	readonly records: Records;
	/** Nothing that was deleted stands in the bank that is not live, and no secret that was in the live one. */
	readonly clean: boolean;
}

function epochOf(bank: Buffer): number {
	if (bank.readUInt32LE(0) !== MAGIC || bank.readUInt32LE(12) !== FORMAT) return 0;
	return bank.readUInt32LE(8) === crc32(bank.subarray(0, 8)) ? bank.readUInt32LE(4) : 0;
}

interface Found {
	readonly key: number;
	readonly octets: Buffer;
	readonly transaction: number;
	readonly next: number;
}

function recordAt(bank: Buffer, at: number): Found | undefined {
	if (at + RECORD > bank.length) return undefined;
	const [key, length] = [bank.readUInt16LE(at), bank.readUInt16LE(at + 2)];
	const next = at + RECORD + Math.ceil(length / 4) * 4;
	if (next > bank.length || (key === 0xffff && length === 0xffff)) return undefined;
	const octets = bank.subarray(at + RECORD, at + RECORD + length);
	const crc = crc32(octets, crc32(bank.subarray(at, at + 8)));
	if (crc !== bank.readUInt32LE(at + 8)) return undefined;
	return { key, octets, transaction: bank.readUInt32LE(at + 4), next };
}

/** What an image means: the records of every whole transaction of the live bank, in order. */
export function readStore(image: Uint8Array, { sectorSize, sectorCount }: Geometry): StoreState {
	const half = sectorSize * Math.floor(sectorCount / 2);
	const banks = [0, 1].map((n) => Buffer.from(image.buffer, image.byteOffset + n * half, half));
	const epochs = banks.map(epochOf);
	if (epochs[0] === 0 && epochs[1] === 0) return { transaction: 0, records: new Map(), clean: true };
	const which = epochs[1] > epochs[0] ? 1 : 0;
	const live = banks[which];
	let clean = banks[1 - which].equals(Buffer.alloc(half, 0xff));
	const records = new Map<number, string>();
	let transaction = 0;
	let open: Found[] = [];
	for (let found = recordAt(live, HEADER); found; found = recordAt(live, found.next)) {
		if (found.key !== COMMIT) {
			open.push(found);
			continue;
		}
		for (const { key, octets } of open) {
			if (isSecret(key) && records.has(key)) clean = false;
			if (octets.length === 0) records.delete(key);
			else records.set(key, octets.toString("hex"));
		}
		open = [];
		transaction = found.transaction;
	}
	return { transaction, records, clean };
}

/** The same records, apart from the one that every boot writes, and from others. */
export function sameRecords(a: Records, b: Records, apart: readonly number[] = []): boolean {
	const keys = new Set([...a.keys(), ...b.keys()]);
	for (const key of keys) if (key !== RECORD_BOOTS && !apart.includes(key) && a.get(key) !== b.get(key)) return false;
	return true;
}

export const bootsOf = ({ records }: StoreState): number => Number.parseInt(records.get(RECORD_BOOTS) ?? "0", 16);

/** Key pairs, DM passwords and AKA keys, sealed. */
export const isSecret = (key: number): boolean =>
	key === 3 || key === 4 || [17, 18, 21, 22].includes(key) || (key >= 48 && key < 56);
