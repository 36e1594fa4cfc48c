import { ERROR_FLASH_FAILED, ERROR_STORE_DAMAGED, ERROR_STORE_FULL, ERROR_STORE_NEWER } from "../../contract/as/codec";
import { crc32 } from "../octets/crc32";
import * as flash from "../platform/flash";
import { isSecret } from "./records";

/*
 * A log of records in one of two banks (each one half of the sectors).
 *
 *   bank   = header | record ... | 0xff ...
 *   header = magic(4) | epoch(4) | crc(4) | format(4)                     little endian
 *   record = key(2) | length(2) | transaction(4) | crc(4) | octets | pad to 4
 *
 * The records of a transaction follow each other and end with a record COMMIT; without it they do
 * not count. The bank with the highest epoch is live. Compaction writes the live records to the
 * other bank as one transaction and its header last. A bank that holds a secret which was deleted is left at
 * once, and erased.
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
const HEADER: u32 = 16;
const RECORD: u32 = 12;
const COMMIT: u32 = 0xfffe;
const ERASED: u32 = 0xffff;
/** No key: every record. */
const ALL: u32 = ERASED;
/** 512 fingerprints, 8 MCIMs with 32 SEQ_MS each, the audit trail, and what there is one of. */
const MAX_RECORDS: i32 = 864;
const STAGE_SIZE: i32 = 6144;

const keys = new StaticArray<u16>(MAX_RECORDS);
const offsets = new StaticArray<u32>(MAX_RECORDS);
let records: i32 = 0;

const stage = new Uint8Array(STAGE_SIZE);
let staged: i32 = 0;
let stagedRecords: i32 = 0;
/** A program failed behind the last commit: nothing may be appended there. */
let dirty: bool = false;
/** The live bank holds a secret that was deleted or replaced: the bank has to go. */
let stale: bool = false;
/** It did not go; the next boot tries again. */
let stuck: bool = false;
/** Why there is no store, or 0: nothing is written over what could not be read. */
let unmounted: u32 = ERROR_STORE_DAMAGED;

const chunk = new Uint8Array(256);
const word = new Uint8Array(16);

/** Behind the record that the last scan stopped at: what a host wrote into its payload is not looked at. */
let beyond: u32 = 0;

let bank: u32 = 0;
let epoch: u32 = 0;
let end: u32 = 0;
let transaction: u32 = 0;

function bankSize(): u32 {
	return <u32>(flash.sector_size() * (flash.sector_count() / 2));
}

function baseOf(which: u32): u32 {
	return which * bankSize();
}

function padded(length: u32): u32 {
	return (length + 3) & ~3;
}

function find(key: u32): i32 {
	for (let i = 0; i < records; i++) {
		if (keys[i] == key) return i;
	}
	return -1;
}

function remember(key: u32, offset: u32, length: u32): bool {
	const at = find(key);
	if (at >= 0 && isSecret(key)) stale = true;
	if (length == 0) {
		if (at < 0) return true;
		records--;
		keys[at] = keys[records];
		offsets[at] = offsets[records];
		return true;
	}
	if (at >= 0) {
		offsets[at] = offset;
		return true;
	}
	if (records >= MAX_RECORDS) return false;
	keys[records] = <u16>key;
	offsets[records] = offset;
	records++;
	return true;
}

function recordCrc(header: usize): u32 {
	return crc32(header, 8);
}

/** CRC over the payload in flash, continued from the header's. */
function payloadCrc(seed: u32, address: u32, length: u32): u32 {
	let crc = seed;
	for (let done: u32 = 0; done < length; done += <u32>chunk.length) {
		const step = min(<u32>chunk.length, length - done);
		flash.read(address + done, chunk.dataStart, <i32>step);
		crc = crc32(chunk.dataStart, <i32>step, crc);
	}
	return crc;
}

/** Leaves the header of a bank in `word`; is it one, of whatever format? */
function readHeader(which: u32): bool {
	flash.read(baseOf(which), word.dataStart, <i32>HEADER);
	const at = word.dataStart;
	return load<u32>(at) == MAGIC && load<u32>(at, 8) == crc32(at, 8);
}

/** Epoch of a bank with a good header, else 0. */
function epochOf(which: u32): u32 {
	if (!readHeader(which) || load<u32>(word.dataStart, 12) != FORMAT) return 0;
	return load<u32>(word.dataStart, 4);
}

function isNewer(which: u32): bool {
	if (!readHeader(which)) return false;
	const format = load<u32>(word.dataStart, 12);
	return format > FORMAT && format <= MAX_FORMAT;
}

/** Why there is no bank that can be read: a newer format, or damage. */
function unreadable(): u32 {
	return isNewer(0) || isNewer(1) ? ERROR_STORE_NEWER : ERROR_STORE_DAMAGED;
}

function writeHeader(which: u32, number: u32): bool {
	const at = word.dataStart;
	store<u32>(at, MAGIC);
	store<u32>(at, number, 4);
	store<u32>(at, crc32(at, 8), 8);
	store<u32>(at, FORMAT, 12);
	return flash.program(baseOf(which), at, 16) == 0;
}

function eraseBank(which: u32): bool {
	const half = <u32>(flash.sector_count() / 2);
	let done = true;
	// Every sector is tried: what can be erased of old keys is.
	for (let i: u32 = 0; i < half; i++) {
		if (flash.erase(which * half + i) != 0) done = false;
	}
	return done;
}

/** Takes the records from `from` up to the COMMIT at `to` into the index. */
function replay(from: u32, to: u32): bool {
	let offset = from;
	while (offset < to) {
		flash.read(baseOf(bank) + offset, word.dataStart, <i32>RECORD);
		const length = <u32>load<u16>(word.dataStart, 2);
		if (!remember(load<u16>(word.dataStart), offset, length)) return false;
		offset += RECORD + padded(length);
	}
	return true;
}

/** Reads the live bank; false where something unfinished follows the last commit. */
function scan(): bool {
	records = 0;
	stale = false;
	let offset = HEADER;
	let begun = HEADER;
	end = HEADER;
	while (offset + RECORD <= bankSize()) {
		flash.read(baseOf(bank) + offset, word.dataStart, <i32>RECORD);
		const at = word.dataStart;
		const key = <u32>load<u16>(at);
		const length = <u32>load<u16>(at, 2);
		if (key == ERASED && length == 0xffff) {
			beyond = offset;
			return offset == begun;
		}
		const next = offset + RECORD + padded(length);
		// Units are programmed in order: where a payload has begun, the length in front of it is whole.
		beyond = next > bankSize() ? offset + RECORD : next;
		if (next > bankSize()) return false;
		const number = load<u32>(at, 4);
		const crc = load<u32>(at, 8);
		if (payloadCrc(recordCrc(at), baseOf(bank) + offset + RECORD, length) != crc) return false;
		if (key == COMMIT) {
			if (!replay(begun, offset)) return false;
			transaction = number;
			begun = next;
			end = next;
		}
		offset = next;
	}
	beyond = offset;
	return begun == offset;
}

function isBlank(which: u32): bool {
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
function holdsRecords(which: u32): bool {
	flash.read(baseOf(which) + HEADER, word.dataStart, <i32>RECORD);
	for (let i = 0; i < <i32>RECORD; i++) {
		if (word[i] != 0xff) return true;
	}
	return false;
}

/**
 * Is there a whole COMMIT of a later transaction at or behind `offset`? Then the octets before it were
 * once good: damage, not the torn tail of a power cut.
 */
function committedBeyond(offset: u32): bool {
	for (let at = offset; at + RECORD <= bankSize(); at += 4) {
		flash.read(baseOf(bank) + at, word.dataStart, <i32>RECORD);
		const head = word.dataStart;
		if (load<u16>(head) != COMMIT || load<u16>(head, 2) != 0 || load<u32>(head, 4) <= transaction) continue;
		if (load<u32>(head, 8) == recordCrc(head)) return true;
	}
	return false;
}

/** Finds the state after the last commit; formats a virgin flash. 0, or the error that every command gets. */
export function mount(): u32 {
	unmounted = findStore();
	return unmounted;
}

function findStore(): u32 {
	const first = epochOf(0);
	const second = epochOf(1);
	staged = 0;
	if (first == 0 && second == 0) {
		// Records without a header are a damaged store, never a new one: keys are in it.
		if (holdsRecords(0) || holdsRecords(1)) return unreadable();
		bank = 0;
		epoch = 1;
		end = HEADER;
		records = 0;
		transaction = 0;
		return eraseBank(0) && writeHeader(0, 1) && epochOf(0) == 1 ? 0 : ERROR_FLASH_FAILED;
	}
	bank = second > first ? 1 : 0;
	epoch = max(first, second);
	if (!scan()) {
		if (committedBeyond(beyond)) return ERROR_STORE_DAMAGED;
		return compact(ALL) ? 0 : ERROR_FLASH_FAILED;
	}
	// A power cut came between the end of a secret and that of its bank.
	if (stale) return dropStale() ? 0 : ERROR_FLASH_FAILED;
	// What a power cut left in the other bank is deleted, and may hold keys: it goes.
	if (!isBlank(1 - bank)) eraseBank(1 - bank);
	return 0;
}

/** Is nothing left of what was deleted with an earlier bank? */
export function isClean(): bool {
	return isBlank(1 - bank);
}

/** Number of the last durable transaction. */
export function lastTransaction(): u32 {
	return transaction;
}

/** Number of live records. */
export function count(): u32 {
	return <u32>records;
}

export function has(key: u32): bool {
	return find(key) >= 0;
}

/** A copy of the record's octets, empty where there is none. Staged changes are not seen. */
export function get(key: u32): Uint8Array {
	const at = find(key);
	if (at < 0) return new Uint8Array(0);
	const address = baseOf(bank) + offsets[at];
	flash.read(address, word.dataStart, <i32>RECORD);
	const octets = new Uint8Array(load<u16>(word.dataStart, 2));
	flash.read(address + RECORD, octets.dataStart, octets.length);
	return octets;
}

/** Reads a record into a buffer, without allocating; its length, 0 where there is none or no room. */
export function readInto(key: u32, out: Uint8Array): i32 {
	const at = find(key);
	if (at < 0) return 0;
	const address = baseOf(bank) + offsets[at];
	flash.read(address, word.dataStart, <i32>RECORD);
	const length = <i32>load<u16>(word.dataStart, 2);
	if (length > out.length) return 0;
	flash.read(address + RECORD, out.dataStart, length);
	return length;
}

export function discard(): void {
	staged = 0;
	stagedRecords = 0;
}

/** Adds a record to the transaction that `commit` writes; empty octets delete it. */
export function put(key: u32, octets: Uint8Array): void {
	const size = RECORD + padded(octets.length);
	if (staged < 0 || <u32>staged + size > <u32>STAGE_SIZE) {
		staged = -1;
		return;
	}
	const at = stage.dataStart + staged;
	memory.fill(at, 0, size);
	store<u16>(at, <u16>key);
	store<u16>(at, <u16>octets.length, 2);
	store<u32>(at, transaction + 1, 4);
	memory.copy(at + RECORD, octets.dataStart, octets.length);
	store<u32>(at, crc32(at + RECORD, octets.length, recordCrc(at)), 8);
	staged += <i32>size;
	stagedRecords++;
}

export function remove(key: u32): void {
	if (has(key)) put(key, new Uint8Array(0));
}

function append(which: u32, offset: u32, input: usize, length: i32): bool {
	return flash.program(baseOf(which) + offset, input, length) == 0;
}

/** Does the flash hold what it took between two offsets of a bank, record by record? */
function isIntact(which: u32, from: u32, to: u32): bool {
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

function writeCommit(which: u32, offset: u32, number: u32): bool {
	const at = word.dataStart;
	store<u16>(at, <u16>COMMIT);
	store<u16>(at, 0, 2);
	store<u32>(at, number, 4);
	store<u32>(at, recordCrc(at), 8);
	return append(which, offset, at, <i32>RECORD);
}

/** Octets of a record as it stands in the bank. */
function sizeAt(index: i32): u32 {
	flash.read(baseOf(bank) + offsets[index], word.dataStart, <i32>RECORD);
	return RECORD + padded(load<u16>(word.dataStart, 2));
}

/** Octets that a bank with nothing but the live records would hold. */
function liveSize(): u32 {
	let size = HEADER + RECORD;
	for (let i = 0; i < records; i++) size += sizeAt(i);
	return size;
}

/**
 * Writes the staged records so that all or none of them count. 0, or the error that says why nothing has
 * changed. `spare`: octets that have to stay free for what may not be refused later (AKA, boots, the end of
 * a change).
 */
export function commit(spare: u32 = 0): u32 {
	const length = staged;
	const added = stagedRecords;
	discard();
	if (unmounted != 0) return unmounted;
	if (length == 0) return 0;
	if (length < 0 || records + added > MAX_RECORDS) return ERROR_STORE_FULL;
	const needed = <u32>length + RECORD;
	if (spare > 0 && liveSize() + needed + spare > bankSize()) return ERROR_STORE_FULL;
	if (stale && !dropStale()) return ERROR_FLASH_FAILED;
	if (dirty || end + needed > bankSize()) {
		if (!compact(ALL)) return ERROR_FLASH_FAILED;
		if (end + needed > bankSize()) return ERROR_STORE_FULL;
	}
	// Until the commit record is there nothing may be appended behind what is there now.
	dirty = true;
	const behind = end + <u32>length;
	if (!append(bank, end, stage.dataStart, length)) return ERROR_FLASH_FAILED;
	// A commit record behind records that the flash does not hold would look like damage to every boot.
	if (!isIntact(bank, end, behind)) return ERROR_FLASH_FAILED;
	if (!writeCommit(bank, behind, transaction + 1)) return ERROR_FLASH_FAILED;
	if (!isIntact(bank, behind, end + needed)) return ERROR_FLASH_FAILED;
	dirty = false;
	transaction++;
	const from = end;
	end += needed;
	if (!replay(from, from + <u32>length)) unreachable();
	// Wipe on delete. The transaction stands, whether or not the old bank goes now.
	if (stale) dropStale();
	return 0;
}

/**
 * Leaves a bank that holds a deleted secret. Where the other bank cannot take its place the device serves on in
 * this one, and the next boot tries again. False: nothing may be appended here any more either.
 */
function dropStale(): bool {
	if (stuck) return true;
	if (compact(ALL)) return true;
	stuck = true;
	return !dirty;
}

/** Octets of a bank, and those that a compaction would leave in use. */
export function capacity(): u32 {
	return bankSize();
}

export function inUse(): u32 {
	return liveSize();
}

/** How often the store has changed banks: every sector was erased that often (wear). */
export function epochs(): u32 {
	return epoch;
}

/** Leaves one record and nothing else, not even deleted; what is deleted anywhere else is gone, too. */
export function wipeAllBut(key: u32): bool {
	return compact(key);
}

/** Copies what is live, or one key of it, into the other bank. The old bank counts until the new header is there. */
function compact(only: u32): bool {
	const other = 1 - bank;
	if (!eraseBank(other)) return false;
	let to = HEADER;
	for (let i = 0; i < records; i++) {
		if (only != ALL && keys[i] != only) continue;
		const from = baseOf(bank) + offsets[i];
		flash.read(from, word.dataStart, <i32>RECORD);
		const size = RECORD + padded(load<u16>(word.dataStart, 2));
		for (let done: u32 = 0; done < size; done += <u32>chunk.length) {
			const step = <i32>min(<u32>chunk.length, size - done);
			flash.read(from + done, chunk.dataStart, step);
			if (!append(other, to + done, chunk.dataStart, step)) return false;
		}
		to += size;
	}
	if (!writeCommit(other, to, transaction)) return false;
	if (!isIntact(other, HEADER, to + RECORD)) return false;
	if (!writeHeader(other, epoch + 1) || epochOf(other) != epoch + 1) {
		// It may count all the same: nothing more is written here before the other bank is erased.
		dirty = true;
		return false;
	}
	const old = bank;
	bank = other;
	epoch++;
	dirty = false;
	// It was read just before: a flash that changes its mind is not to be worked with.
	if (!scan()) unreachable();
	// Where this fails the next boot tries again.
	eraseBank(old);
	return true;
}
