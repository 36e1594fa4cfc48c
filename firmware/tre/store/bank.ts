import { ERROR_STORE_DAMAGED, ERROR_STORE_NEWER } from "../../contract/as/codec";
import { crc32 } from "../octets/crc32";
import * as flash from "../platform/flash";

/*
 * The flash is two banks, each one half of the sectors.
 *
 *   bank   = header | record ... | 0xff ...
 *   header = magic(4) | epoch(4) | crc(4) | format(4)                     little endian
 *   record = key(2) | length(2) | transaction(4) | crc(4) | octets | pad to 4
 *
 * The records of a transaction follow each other and end with a record COMMIT. Which bank counts, and what its
 * records mean, is the log's to say.
 */
const MAGIC: u32 = 0x31455254;
/**
 * Of the whole store. A record may grow at its end without a new format: what reads it takes what it knows. A
 * firmware that writes a newer one must have erased the older bank before anything counts in its own: a newer
 * header beside a good bank of this format is taken for one that a power cut tore.
 */
const FORMAT: u32 = 1;
/** A header's format is not under its CRC: what is beyond this is damage. */
const MAX_FORMAT: u32 = 255;

export const HEADER: u32 = 16;
export const RECORD: u32 = 12;
export const COMMIT: u32 = 0xfffe;
export const ERASED: u32 = 0xffff;

/** Where octets of the flash are looked at; whoever reads leaves a header or a record's head in `word`. */
export const chunk = new Uint8Array(256);
export const word = new Uint8Array(16);

/** Octets of a bank: one half of the sectors. */
export function bankSize(): u32 {
	return <u32>(flash.sector_size() * (flash.sector_count() / 2));
}

export function baseOf(which: u32): u32 {
	return which * bankSize();
}

/** Octets that a payload takes up. */
export function padded(length: u32): u32 {
	return (length + 3) & ~3;
}

export function recordCrc(header: usize): u32 {
	return crc32(header, 8);
}

/** CRC over the payload in flash, continued from the header's. */
export function payloadCrc(seed: u32, address: u32, length: u32): u32 {
	let crc = seed;
	for (let done: u32 = 0; done < length; done += <u32>chunk.length) {
		const step = min(<u32>chunk.length, length - done);
		flash.read(address + done, chunk.dataStart, <i32>step);
		crc = crc32(chunk.dataStart, <i32>step, crc);
	}
	return crc;
}

/** Leaves the header of a bank in `word`; is it one, of whatever format? */
export function readHeader(which: u32): bool {
	flash.read(baseOf(which), word.dataStart, <i32>HEADER);
	const at = word.dataStart;
	return load<u32>(at) == MAGIC && load<u32>(at, 8) == crc32(at, 8);
}

/** Epoch of a bank with a good header, else 0. */
export function epochOf(which: u32): u32 {
	if (!readHeader(which) || load<u32>(word.dataStart, 12) != FORMAT) return 0;
	return load<u32>(word.dataStart, 4);
}

function isNewer(which: u32): bool {
	if (!readHeader(which)) return false;
	const format = load<u32>(word.dataStart, 12);
	return format > FORMAT && format <= MAX_FORMAT;
}

/** Why there is no bank that can be read: a newer format, or damage. */
export function unreadable(): u32 {
	return isNewer(0) || isNewer(1) ? ERROR_STORE_NEWER : ERROR_STORE_DAMAGED;
}

export function writeHeader(which: u32, number: u32): bool {
	const at = word.dataStart;
	store<u32>(at, MAGIC);
	store<u32>(at, number, 4);
	store<u32>(at, crc32(at, 8), 8);
	store<u32>(at, FORMAT, 12);
	return flash.program(baseOf(which), at, 16) == 0;
}

/** False where a sector did not erase. */
export function eraseBank(which: u32): bool {
	const half = <u32>(flash.sector_count() / 2);
	let done = true;
	// Every sector is tried: what can be erased of old keys is.
	for (let i: u32 = 0; i < half; i++) {
		if (flash.erase(which * half + i) != 0) done = false;
	}
	return done;
}

export function isBlank(which: u32): bool {
	for (let at: u32 = 0; at < bankSize(); at += <u32>chunk.length) {
		const step = <i32>min(<u32>chunk.length, bankSize() - at);
		flash.read(baseOf(which) + at, chunk.dataStart, step);
		for (let i = 0; i < step; i++) {
			if (chunk[i] != 0xff) return false;
		}
	}
	return true;
}

/** Is anything written behind the header? */
export function holdsRecords(which: u32): bool {
	flash.read(baseOf(which) + HEADER, word.dataStart, <i32>RECORD);
	for (let i = 0; i < <i32>RECORD; i++) {
		if (word[i] != 0xff) return true;
	}
	return false;
}

/** Programs octets at an offset of a bank. */
export function append(which: u32, offset: u32, input: usize, length: i32): bool {
	return flash.program(baseOf(which) + offset, input, length) == 0;
}

/** Does the flash hold what it took between two offsets of a bank, record by record? */
export function isIntact(which: u32, from: u32, to: u32): bool {
	let offset = from;
	while (offset < to) {
		flash.read(baseOf(which) + offset, word.dataStart, <i32>RECORD);
		const head = word.dataStart;
		const length = <u32>load<u16>(head, 2);
		const crc = load<u32>(head, 8);
		if (offset + RECORD + padded(length) > to) return false;
		if (payloadCrc(recordCrc(head), baseOf(which) + offset + RECORD, length) != crc) return false;
		offset += RECORD + padded(length);
	}
	return true;
}

export function writeCommit(which: u32, offset: u32, number: u32): bool {
	const at = word.dataStart;
	store<u16>(at, <u16>COMMIT);
	store<u16>(at, 0, 2);
	store<u32>(at, number, 4);
	store<u32>(at, recordCrc(at), 8);
	return append(which, offset, at, <i32>RECORD);
}
