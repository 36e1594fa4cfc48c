import {
	ERROR_FLASH_FAILED,
	ERROR_UPDATE_DIGEST,
	ERROR_UPDATE_DOWNGRADE,
	ERROR_UPDATE_HEADER,
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
import { sha256 } from "../platform/keys";
import * as update from "../platform/update";
import { commit } from "../store/log";
import { countSlotErase } from "../store/wear";
import { ImageHeader } from "./image-header";
import { isOnTrial, lowestCounter } from "./trial";

/** `boot.h` */
const NOT_SIGNED: i32 = 3;
const NONE: i32 = -1;

const header = new Uint8Array(IMAGE_USED_SIZE);
const bundle = new Uint8Array(32);
/** The slot that is being filled, and the offset in the image that is awaited. */
let target: i32 = NONE;
let awaited: u32 = 0;
let expected: u32 = 0;

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
	if (update.slot_size() == 0) return ERROR_UPDATE_UNSUPPORTED;
	if (isOnTrial()) return ERROR_UPDATE_ON_TRIAL;
	if (headers.length != IMAGE_USED_SIZE * <i32>IMAGE_SLOTS) return ERROR_UPDATE_HEADER;
	const slot = 1 - update.running();
	const offered = new ImageHeader(headers.slice(slot * IMAGE_USED_SIZE, (slot + 1) * IMAGE_USED_SIZE));
	const fault = update.header_fault(offered.octets.dataStart, IMAGE_USED_SIZE, slot);
	if (fault == NOT_SIGNED) return ERROR_UPDATE_SIGNATURE;
	if (fault != 0) return ERROR_UPDATE_HEADER;
	if (offered.securityCounter < lowestCounter()) return ERROR_UPDATE_DOWNGRADE;
	const error = countSlotErase();
	if (error != 0) return error;
	abandon();
	if (update.erase(slot) != 0) return ERROR_FLASH_FAILED;
	header.set(offered.octets);
	bundle.set(sha256(headers));
	target = slot;
	expected = offered.length;
	return 0;
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
	if (update.program(slot, 0, header.dataStart, header.length) != 0) return ERROR_FLASH_FAILED;
	if (update.image_fault(slot) != 0) return ERROR_UPDATE_DIGEST;
	note(LOG_UPDATE_RECEIVED, new ImageHeader(header).digest, bundle);
	const error = commit();
	if (error != 0) return error;
	if (update.choose(slot, 0) != 0) return ERROR_FLASH_FAILED;
	update.restart();
	return 0;
}
