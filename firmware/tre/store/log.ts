import { ERROR_FLASH_FAILED, ERROR_STORE_DAMAGED, ERROR_STORE_FULL } from "../../contract/as/codec";
import { crc32 } from "../octets/crc32";
import * as flash from "../platform/flash";
import {
	append,
	bankSize,
	baseOf,
	COMMIT,
	chunk,
	ERASED,
	epochOf,
	eraseBank,
	HEADER,
	holdsRecords,
	isBlank,
	isIntact,
	padded,
	payloadCrc,
	RECORD,
	recordCrc,
	unreadable,
	word,
	writeCommit,
	writeHeader,
} from "./bank";
import { isSecret, outlivesWipe } from "./records";

/*
 * A log of records in one of two banks. The records of a transaction count once its record COMMIT is there; the
 * bank with the highest epoch is live. Compaction writes the live records to the other bank as one transaction
 * and its header last. A bank that holds a secret which was deleted is left at once, and erased.
 */
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

/** The bank that is not live was erased, whole, in this boot. */
let spareErased: bool = false;

/** Behind the record that the last scan stopped at: what a host wrote into its payload is not looked at. */
let beyond: u32 = 0;

let bank: u32 = 0;
let epoch: u32 = 0;
let end: u32 = 0;
let transaction: u32 = 0;

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
		return compact(false) ? 0 : ERROR_FLASH_FAILED;
	}
	// A power cut came between the end of a secret and that of its bank.
	if (stale) return dropStale() ? 0 : ERROR_FLASH_FAILED;
	// What a power cut left in the other bank is deleted, and may hold keys: it goes.
	if (!isBlank(1 - bank)) spareErased = eraseBank(1 - bank);
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

/** Is there anything for `commit` to write? */
export function isStaged(): bool {
	return staged != 0;
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
		if (!compact(false)) return ERROR_FLASH_FAILED;
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
	if (compact(false)) return true;
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

/** Leaves what outlives a wipe and nothing else, not even deleted; what is deleted anywhere else is gone, too. */
export function wipeAll(): bool {
	return compact(true);
}

/** Copies what is live, or what of it outlives a wipe, into the other bank. The old bank counts until the new header is there. */
function compact(wiping: bool): bool {
	const other = 1 - bank;
	// An erase that a power cut broke off may read as a whole one and hold nothing: only one of this boot is trusted.
	if (!(spareErased && isBlank(other)) && !eraseBank(other)) return false;
	spareErased = false;
	let to = HEADER;
	for (let i = 0; i < records; i++) {
		if (wiping && !outlivesWipe(keys[i])) continue;
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
	spareErased = eraseBank(old);
	return true;
}
