import { Device } from "./device.ts";
import { writeFlash } from "./flash-image.ts";
import { type Records, recordsOf } from "./forged-store.ts";
import { keyedFlash, personalisedFlash } from "./keyed-flash.ts";
import type { TestTarget } from "./targets.ts";

/** Any size that holds them in one bank of every target. */
const STORE = 128 * 1024;

export const storeOf = (records: Records): Buffer => writeFlash(STORE, records);

/** The records of a device that has left its factory, and who made it. */
export async function personalisedRecords() {
	const { image, ...rest } = await personalisedFlash();
	return { records: recordsOf(image), ...rest };
}

export const keyedRecords = (): Records => recordsOf(keyedFlash().image);

/** A device on a target with these records, switched on. */
export async function started(target: TestTarget, records: Records, rootKey: Buffer): Promise<Device> {
	const device = Device.forged(storeOf(records), rootKey, target);
	await device.start();
	return device;
}
