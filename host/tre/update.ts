import { headersOf } from "../../firmware/contract/bundle.ts";
import { wire } from "../../firmware/contract/commands.ts";
import { image } from "../../firmware/contract/image.ts";
import { LinkClosed, LinkTimeout } from "../link/link.ts";
import { type TreClient, TreRestarted } from "./client.ts";

/** What an update needs of a bundle: header and image of each slot, in order. */
export type SlotImages = readonly Uint8Array[];

/** How an update stands. */
export type UpdateStep =
	| { readonly kind: "clearing" }
	| { readonly kind: "sending"; readonly slot: number; readonly done: number; readonly total: number }
	| { readonly kind: "checking" }
	| { readonly kind: "restarting" };

/** What an update has come to. */
export interface Updated extends Transferred {
	readonly to: string;
}

/** It was sent, and the TRE runs what it ran before. */
export class UpdateNotKept extends Error {}

/** Array, command, offset and the head of a byte string take 12 octets at the most; flash likes words. */
export const UPDATE_CHUNK = (wire.maxMessage - 12) & ~3;

/** The way to the TRE. */
export interface TreAccess {
	open(): Promise<TreClient>;
	/** Behind a restart: the port may go with the power, and take a while to come back. */
	reopen(): Promise<TreClient>;
}

/**
 * Sends a TRE the image for the slot that it does not run from, and waits until what starts has confirmed itself. A
 * refusal of the TRE (`TreError`) leaves what runs as it is, and so does whatever breaks off before the end.
 */
export async function updateTre(
	access: TreAccess,
	slots: SlotImages,
	tell: (step: UpdateStep) => void,
): Promise<Updated> {
	const tre = await access.open();
	let sent: Transferred;
	try {
		sent = await transfer(tre, slots, tell);
		tell({ kind: "checking" });
		await restartInto(tre);
	} finally {
		await tre.close();
	}
	tell({ kind: "restarting" });
	// The first hello behind the restart is what confirms it.
	const restarted = await access.reopen();
	try {
		const { running, triesLeft, version } = await restarted.call("updateStatus", {});
		if (running === sent.slot && triesLeft === 0) return { ...sent, to: version };
		throw new UpdateNotKept(
			running === sent.slot
				? `the new firmware has started, and finds itself not sound: it has ${triesLeft} more starts before ${sent.from} comes back; \`tre log\` tells`
				: `the new firmware did not hold, or did not come to its start, and ${version} runs; \`tre log\` tells which`,
		);
	} finally {
		await restarted.close();
	}
}

/** A whole image in a slot of the TRE, which has not read it back yet. */
export interface Transferred {
	/** What runs now. */
	readonly from: string;
	readonly slot: number;
	/** Octets of the image. */
	readonly octets: number;
}

/** Gives the TRE the octets for the slot that it does not run from. */
export async function transfer(
	tre: TreClient,
	slots: SlotImages,
	tell: (step: UpdateStep) => void,
): Promise<Transferred> {
	const before = await tre.call("updateStatus", {});
	tell({ kind: "clearing" });
	const { slot, length } = await tre.call("updateBegin", { headers: headersOf(slots) });
	const octets = (slots[slot] ?? new Uint8Array(0)).subarray(image.HEADER_SIZE);
	for (let at = 0; at < length; ) {
		const part = octets.subarray(at, at + UPDATE_CHUNK);
		tell({ kind: "sending", slot, done: at, total: length });
		at = (await tre.call("updateOctets", { offset: at, octets: part })).next;
	}
	tell({ kind: "sending", slot, done: length, total: length });
	return { from: before.version, slot, octets: length };
}

/** Has the TRE read it back and restart into it. The restart may take the port, and the answer with it: what runs then tells. */
export async function restartInto(tre: TreClient): Promise<void> {
	try {
		await tre.call("updateEnd", {});
	} catch (error) {
		if (!(error instanceof LinkClosed || error instanceof LinkTimeout || error instanceof TreRestarted)) throw error;
	}
}
