import { ERROR_UPDATE_DOWNGRADE, LOG_UPDATE_CONFIRMED, LOG_UPDATE_ROLLED_BACK } from "../../contract/as/codec";
import { note } from "../life/audit";
import { ascii, readU32, writeU32 } from "../octets/octets";
import * as board from "../platform/board";
import { close, open, sha1, sha256 } from "../platform/keys";
import * as update from "../platform/update";
import { commit, get, put } from "../store/log";
import { RECORD_SECURITY_COUNTER, RECORD_SIGN_KEY } from "../store/records";
import { ImageHeader } from "./image-header";

/** What a boot record says (platform/update.ts). */
const CONFIRMED: i32 = 0x100;
const NONE: i32 = -1;
/** A firmware on trial that no host greets in so many seconds gives up its start: its line may be broken. */
const GREETING_SECONDS: u32 = 600;

/** FIPS 180-4: the hashes of "abc". */
const SHA_1_OF_ABC: StaticArray<u8> = [
	0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8,
	0x9d,
];
const SHA_256_OF_ABC: StaticArray<u8> = [
	0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61,
	0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
];

/** A start of this boot is one of a trial. */
let onTrial: bool = false;
/** Another firmware is the records', and this one was started in its place. */
let cameBack: bool = false;

/** Is there a boot stage with a second slot? */
export function takesUpdates(): bool {
	return update.slot_size() > 0;
}

export function isOnTrial(): bool {
	return onTrial;
}

/** Starts that the firmware on trial has left. */
export function triesLeft(): u32 {
	const record = takesUpdates() ? update.record() : NONE;
	return record == NONE || (record & CONFIRMED) != 0 ? 0 : <u32>record >> 16;
}

/** The lowest security counter that this device still takes; sealed in by the first firmware that it confirmed. */
export function lowestCounter(): u32 {
	const octets = get(RECORD_SECURITY_COUNTER);
	return octets.length >= 4 ? readU32(octets, 0) : 0;
}

/** First thing after power-up: is this start one of a trial? */
export function watchTrial(): void {
	if (!takesUpdates()) return;
	const record = update.record();
	onTrial = record != NONE && (record & CONFIRMED) == 0 && (record & 0xff) == update.running();
}

/**
 * Once after power-up, when the store can be read: is this the firmware that the records ask for? What there is to write
 * down is put into the transaction that counts the boot. 0, or the error that every command gets.
 */
export function lookAtFirmware(): u32 {
	if (!takesUpdates()) return 0;
	const running = update.running();
	const own = ImageHeader.of(running);
	if (own.securityCounter < lowestCounter()) return ERROR_UPDATE_DOWNGRADE;
	const record = update.record();
	cameBack = record != NONE && (record & 0xff) != running;
	if (cameBack) note(LOG_UPDATE_ROLLED_BACK, own.digest, new Uint8Array(0));
	// A confirmation that the power cut short may read so today and otherwise tomorrow: first it stands for good.
	else if (!onTrial && own.securityCounter > lowestCounter() && (record == NONE || update.confirm() == 0))
		raiseCounter(own);
	return 0;
}

/**
 * What came back because another firmware did not hold stays from now on. Behind the boot's transaction: after a power cut
 * between the two it is told again, and never left untold.
 */
export function settleFirmware(): void {
	if (cameBack) update.choose(update.running(), 1);
	cameBack = false;
}

/** Firmware that stays lets nothing older back. */
function raiseCounter(own: ImageHeader): void {
	if (own.securityCounter <= lowestCounter()) return;
	const octets = new Uint8Array(4);
	writeU32(octets, 0, own.securityCounter);
	put(RECORD_SECURITY_COUNTER, octets);
}

/**
 * A host has greeted a firmware on trial whose store could be read: it stays, where the crypto side computes what it
 * should, the sealed keys open, and the slot reads as it was signed.
 */
export function confirmFirmware(): void {
	if (!onTrial || !isSound()) return;
	const own = ImageHeader.of(update.running());
	note(LOG_UPDATE_CONFIRMED, own.digest, new Uint8Array(0));
	if (commit() != 0 || update.confirm() != 0) return;
	onTrial = false;
	// Not before: a trial that ends here must find the way back open.
	raiseCounter(own);
	commit();
}

function isSound(): bool {
	const text = ascii("abc");
	if (!isAsKnown(sha1(text), SHA_1_OF_ABC) || !isAsKnown(sha256(text), SHA_256_OF_ABC)) return false;
	const sealed = get(RECORD_SIGN_KEY);
	if (sealed.length > 0) {
		const key = open(sealed);
		if (key < 0) return false;
		close(key);
	}
	return update.image_fault(update.running()) == 0;
}

function isAsKnown(octets: Uint8Array, known: StaticArray<u8>): bool {
	for (let i = 0; i < known.length; i++) if (octets[i] != known[i]) return false;
	return octets.length == known.length;
}

/** The slot that starts without a trial, as far as the records say. */
export function keptSlot(): u32 {
	const record = update.record();
	return record == NONE ? 0 : <u32>record & 0xff;
}

/** At least once a second. */
export function endSilentTrial(): void {
	if (onTrial && board.seconds() > GREETING_SECONDS) update.restart();
}
