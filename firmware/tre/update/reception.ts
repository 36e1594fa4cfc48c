import {
	ERROR_FLASH_FAILED,
	ERROR_UPDATE_DIGEST,
	ERROR_UPDATE_DOWNGRADE,
	ERROR_UPDATE_HEADER,
	ERROR_UPDATE_NOT_OFFERED,
	ERROR_UPDATE_ON_TRIAL,
	ERROR_UPDATE_ORDER,
	ERROR_UPDATE_SIGNATURE,
	ERROR_UPDATE_UNSUPPORTED,
	IMAGE_HEADER_SIZE,
	IMAGE_SLOTS,
	IMAGE_USED_SIZE,
	LOG_UPDATE_RECEIVED,
} from "../../contract/as/codec";
import { note } from "../life/audit";
import { equal } from "../octets/octets";
import { sha256 } from "../platform/keys";
import * as update from "../platform/update";
import { commit } from "../store/log";
import { countSlotErase } from "../store/wear";
import { ImageHeader } from "./image-header";
import { areOffersRequired, endOffer, StoredOffer } from "./offer";
import { isOnTrial, keptSlot, lowestCounter, takesUpdates } from "./trial";

/** `boot.h` */
const NOT_SIGNED: i32 = 3;
const NONE: i32 = -1;

const header = new Uint8Array(IMAGE_USED_SIZE);
const bundle = new Uint8Array(32);
/** The slot that is being filled, and the offset in the image that is awaited. */
let target: i32 = NONE;
let awaited: u32 = 0;
let expected: u32 = 0;
/** It has been chosen, and the restart is asked for: what the line still brings comes too late. */
let restarting: bool = false;

export function awaitedOffset(): u32 {
	return awaited;
}

/** Octets of the image that is being received; 0 where none is. */
export function expectedLength(): u32 {
	return expected;
}

export function targetSlot(): u32 {
	return <u32>target;
}

/** Nothing of an update counts before its end: it may be left, and begun again. */
function abandon(): void {
	target = NONE;
	awaited = 0;
	expected = 0;
}

/** Takes the headers of a bundle, in the order of the slots, and clears the slot that is not running. 0, or why not. */
export function begin(headers: Uint8Array): u32 {
	if (!takesUpdates()) return ERROR_UPDATE_UNSUPPORTED;
	if (isOnTrial() || restarting) return ERROR_UPDATE_ON_TRIAL;
	if (headers.length != IMAGE_USED_SIZE * <i32>IMAGE_SLOTS) return ERROR_UPDATE_HEADER;
	const digest = sha256(headers);
	const offer = StoredOffer.load();
	if (!isAgreed(offer, digest)) return ERROR_UPDATE_NOT_OFFERED;
	const slot = 1 - update.running();
	const own = new ImageHeader(headers.slice(slot * IMAGE_USED_SIZE, (slot + 1) * IMAGE_USED_SIZE));
	const agreed = offer != null && equal(offer.digest, digest) ? offer : null;
	const refused = refusal(own, slot, agreed);
	if (refused != 0) {
		dismiss(agreed);
		return refused;
	}
	const error = countSlotErase();
	if (error != 0) return error;
	abandon();
	// An old record that names that slot would start what comes into it without a trial.
	if (keptSlot() == <u32>slot && update.choose(update.running(), 1) != 0) return ERROR_FLASH_FAILED;
	if (update.erase(slot) != 0) return ERROR_FLASH_FAILED;
	header.set(own.octets);
	bundle.set(digest);
	target = slot;
	expected = own.length;
	return 0;
}

/** Does the current SHO offer it, or is its word not needed? */
function isAgreed(offer: StoredOffer | null, digest: Uint8Array): bool {
	if (isOlderLeft()) return true;
	return offer == null ? !areOffersRequired() : equal(offer.digest, digest);
}

/** An older firmware, where nothing else is left of this device, is not asked to wait for an operator. */
function isOlderLeft(): bool {
	return ImageHeader.of(update.running()).securityCounter < lowestCounter();
}

/** 0, or why the factory's part of it does not hold, or is another version than its SHO said. */
function refusal(own: ImageHeader, slot: u32, offer: StoredOffer | null): u32 {
	const fault = update.header_fault(own.octets.dataStart, IMAGE_USED_SIZE, slot);
	if (fault == NOT_SIGNED) return ERROR_UPDATE_SIGNATURE;
	if (fault != 0) return ERROR_UPDATE_HEADER;
	if (own.securityCounter < lowestCounter()) return ERROR_UPDATE_DOWNGRADE;
	return offer != null && offer.version != own.version ? ERROR_UPDATE_NOT_OFFERED : 0;
}

/** What this device can never take does not stand in the way of what it can. */
function dismiss(offer: StoredOffer | null): void {
	if (offer == null) return;
	endOffer();
	commit();
}

/** The next octets of the image, from `offset` on. */
export function take(offset: u32, octets: Uint8Array): u32 {
	if (target == NONE || offset != awaited || <u32>octets.length > expected - awaited || octets.length == 0)
		return ERROR_UPDATE_ORDER;
	if (update.program(target, IMAGE_HEADER_SIZE + offset, octets.dataStart, octets.length) != 0) {
		abandon();
		return ERROR_FLASH_FAILED;
	}
	awaited += octets.length;
	return 0;
}

/** Reads back what came, tells the audit trail, and has the device restart into it. The header is written last. */
export function end(): u32 {
	if (target == NONE || awaited != expected) return ERROR_UPDATE_ORDER;
	const slot = target;
	abandon();
	// An offer may have come since it was begun, or have ended with the reign of its SHO.
	if (!isAgreed(StoredOffer.load(), bundle)) return ERROR_UPDATE_NOT_OFFERED;
	if (update.program(slot, 0, header.dataStart, header.length) != 0) return ERROR_FLASH_FAILED;
	if (update.image_fault(slot) != 0) return ERROR_UPDATE_DIGEST;
	note(LOG_UPDATE_RECEIVED, new ImageHeader(header).digest, bundle);
	// One offer, one try: what is rolled back is not fetched again and again.
	endOffer();
	const error = commit();
	if (error != 0) return error;
	if (update.choose(slot, 0) != 0) return ERROR_FLASH_FAILED;
	restarting = true;
	update.restart();
	return 0;
}
