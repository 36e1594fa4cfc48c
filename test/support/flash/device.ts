import { createHash } from "node:crypto";
import { expect } from "vitest";
import { decodeHeader, image } from "../../../firmware/contract/image.ts";
import { imageAreas } from "../../../host/flash/board.ts";
import { decodeBundle } from "../../../host/flash/bundle.ts";
import { type Plan, planOf } from "../../../host/flash/plan.ts";
import { bundleOctets, f405, type Shape } from "./bundles.ts";
import { FlashChip } from "./flash-chip.ts";

export const planFor = (shape: Shape = {}, isBlanking = false, board = f405): Plan =>
	planOf(board, decodeBundle(bundleOctets(board, shape)), isBlanking);

/** Puts a plan's pieces into a flash, without any way. */
function put(chip: FlashChip, plan: Plan): void {
	for (const { address, octets } of plan.pieces) chip.at(address, octets.length).set(octets);
}

/** A device that has run for a while: an older firmware, boot records, something in slot B, its key and its store. */
export function usedDevice(older: Plan = planFor({ version: "1.0.0", size: 5_005 })): FlashChip {
	const chip = new FlashChip(older.board);
	const { flash } = older.board;
	put(chip, older);
	for (const [n, slot] of (flash.slots ?? []).entries()) if (n > 0) chip.fill("slot B", slot);
	if (flash.bootRecords) chip.fill("records", flash.bootRecords);
	chip.fill("key", flash.rootKey);
	chip.fill("store", flash.store);
	return chip;
}

/** What the flash is to be in all its octets once a plan has been carried out. */
export function expectedAfter(plan: Plan, before: FlashChip): Buffer {
	const after = new FlashChip(plan.board);
	before.octets.copy(after.octets);
	for (const { area } of plan.pieces) after.area(area.sectors).fill(0xff);
	for (const { sectors } of plan.cleared) after.area(sectors).fill(0xff);
	put(after, plan);
	return after.octets;
}

/** A copy that is not touched. */
export function copyOf(chip: FlashChip): FlashChip {
	const copy = new FlashChip(chip.board);
	chip.octets.copy(copy.octets);
	return copy;
}

const isBlank = (octets: Uint8Array): boolean => octets.every((octet) => octet === 0xff);

/** The image of slot A, or of a board without a boot stage, as whoever starts it takes it for whole. */
function wholeImage(chip: FlashChip): string | undefined {
	const { address, length } = imageAreas(chip.board)[0] as { address: number; length: number };
	const slot = chip.at(address, length);
	try {
		const header = decodeHeader(slot);
		const behind = slot.subarray(image.HEADER_SIZE, image.HEADER_SIZE + header.length);
		return createHash("sha256").update(behind).digest().equals(header.digest) ? header.version : undefined;
	} catch {
		return undefined;
	}
}

const piecesAt = (address: number, plans: readonly Plan[]) =>
	plans.flatMap(({ pieces }) => pieces.filter((piece) => piece.address === address));

/**
 * However far a flashing came, what is there starts as the old firmware, as the new one or not at all: what the core begins
 * with is whole where it has a reset vector, and slot A is a whole new image only when all the rest has been done.
 */
export function expectNotTornForWhole(chip: FlashChip, older: Plan, newer: Plan): void {
	const { base } = chip.board.flash;
	if (!isBlank(chip.at(base + 4, 4))) {
		const first = piecesAt(base, [older, newer]);
		expect(first.some(({ octets }) => chip.at(base, octets.length).equals(octets))).toBe(true);
	}
	if (wholeImage(chip) !== newer.version) return;
	for (const { address, octets, what } of newer.pieces)
		if (what !== "slot A") expect(chip.at(address, octets.length).equals(octets), what).toBe(true);
	for (const { what, sectors } of newer.cleared) expect(isBlank(chip.area(sectors)), what).toBe(true);
}

/** The device is what the plan wants, and the rest of it as it was. */
export function expectFlashed(chip: FlashChip, plan: Plan, before: FlashChip): void {
	expect(chip.octets.equals(expectedAfter(plan, before))).toBe(true);
}
