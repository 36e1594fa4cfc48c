import {
	IMAGE_DIGEST_AT,
	IMAGE_LENGTH_AT,
	IMAGE_SECURITY_COUNTER_AT,
	IMAGE_USED_SIZE,
	IMAGE_VERSION_AT,
} from "../../contract/as/codec";
import { ascii } from "../octets/octets";
import * as update from "../platform/update";

/** The header of an image (firmware/contract/image.ts): its integers are little-endian. */
export class ImageHeader {
	constructor(public octets: Uint8Array) {}

	/** That of what stands in a slot; whether it is one, the boot stage says. */
	static of(slot: u32): ImageHeader {
		const octets = new Uint8Array(IMAGE_USED_SIZE);
		update.read(slot, 0, octets.dataStart, octets.length);
		return new ImageHeader(octets);
	}

	private field(at: i32): u32 {
		return load<u32>(this.octets.dataStart + at);
	}

	get length(): u32 {
		return this.field(IMAGE_LENGTH_AT);
	}

	get securityCounter(): u32 {
		return this.field(IMAGE_SECURITY_COUNTER_AT);
	}

	get digest(): Uint8Array {
		return this.octets.subarray(IMAGE_DIGEST_AT, IMAGE_DIGEST_AT + 32);
	}

	/** major(8 bits) | minor(8) | patch(16) */
	get version(): u32 {
		return this.field(IMAGE_VERSION_AT);
	}
}

/** major.minor.patch */
export function versionText(packed: u32): Uint8Array {
	return ascii(`${packed >> 24}.${(packed >> 16) & 0xff}.${packed & 0xffff}`);
}
