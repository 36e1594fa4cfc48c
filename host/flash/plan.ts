import { createHash } from "node:crypto";
import type { Bundle, SlotImage } from "../../firmware/contract/bundle.ts";
import { image } from "../../firmware/contract/image.ts";
import { type Area, areaOf, type FlashBoard, imageAreas } from "./board.ts";
import { checkBundle } from "./bundle.ts";

/** Stack pointer and reset vector: without the second no core starts what lies behind. */
const VECTORS = 8;

export type PieceName = "boot stage" | "slot A" | "slot B" | "image";
export type AreaName = "boot stage" | "boot records" | "device root key" | "store" | "slot A" | "slot B";

export const slotNames = ["slot A", "slot B"] as const;

/** Octets for the flash. */
export interface Piece {
	readonly what: PieceName;
	readonly address: number;
	readonly octets: Uint8Array;
	/** Those that are erased for it, all of its room where an old image may be longer. */
	readonly area: Area;
	/** SHA-256 of `octets`, hex. */
	readonly digest: string;
	/** So many octets at the front are written last: without them nothing takes what lies behind for whole. */
	readonly seal: number;
	/** Left alone where the device has it already. */
	readonly onlyIfOther: boolean;
}

export interface NamedArea extends Area {
	readonly what: AreaName;
}

/** What a board is flashed with, and what becomes of the rest of its flash. */
export interface Plan {
	readonly board: FlashBoard;
	readonly bundle: Bundle;
	/** Of the image that starts afterwards. */
	readonly version: string;
	readonly isForDevelopment: boolean;
	readonly pieces: readonly Piece[];
	/** Left blank. */
	readonly cleared: readonly NamedArea[];
	readonly kept: readonly NamedArea[];
	readonly isBlanking: boolean;
}

export type Step =
	| { readonly kind: "erase"; readonly what: PieceName | AreaName; readonly sector: number }
	| { readonly kind: "write"; readonly what: PieceName; readonly address: number; readonly octets: Uint8Array };

/**
 * What a way can write: any octets of an erased sector, or whole sectors only, each of which it erases by itself (DFU, and
 * GDB where its server knows that there is flash).
 */
export type Grain = "octets" | "sectors";

const sha256 = (octets: Uint8Array): string => createHash("sha256").update(octets).digest("hex");

function piece(what: PieceName, area: Area, octets: Uint8Array): Piece {
	const seal = what.startsWith("slot") ? image.HEADER_SIZE : VECTORS;
	return {
		what,
		address: area.address,
		octets,
		area,
		digest: sha256(octets),
		seal,
		onlyIfOther: what === "boot stage",
	};
}

/**
 * The plan for a board: its boot stage and slot A, and no boot records, so that slot A is what starts. Slot B, device root
 * key and store stay; `isBlanking` erases the last two. Throws FlashRefused where the bundle does not fit the board.
 */
export function planOf(board: FlashBoard, bundle: Bundle, isBlanking: boolean): Plan {
	checkBundle(bundle, board);
	const { bootStage, bootRecords, rootKey, store } = board.flash;
	const [first, second] = imageAreas(board) as [Area, Area?];
	const slot = bundle.slots[0] as SlotImage;
	const named = (what: AreaName, sectors: readonly number[] | undefined): NamedArea[] =>
		sectors ? [{ what, ...areaOf(board, sectors) }] : [];
	const device = [...named("device root key", rootKey), ...named("store", store)];
	return {
		board,
		bundle,
		version: slot.header.version,
		isForDevelopment: slot.header.isForDevelopment,
		pieces: bootStage
			? [piece("boot stage", areaOf(board, bootStage), bundle.bootStage), piece("slot A", first, slot.octets)]
			: [piece("image", first, slot.octets.subarray(image.HEADER_SIZE))],
		cleared: [...(isBlanking ? device : []), ...named("boot records", bootRecords)],
		kept: [...(isBlanking ? [] : device), ...named("slot B", second?.sectors)],
		isBlanking,
	};
}

/**
 * The plan for an update, which the running TRE carries out: one slot is written, and all else stays. Throws FlashRefused
 * where the bundle does not fit the board.
 */
export function updatePlanOf(board: FlashBoard, bundle: Bundle, slot: 0 | 1): Plan {
	checkBundle(bundle, board);
	const { bootStage, rootKey, store } = board.flash;
	const places = imageAreas(board) as [Area, Area?];
	const [written, running] = [slot, 1 - slot] as const;
	const { header, octets } = bundle.slots[written] as SlotImage;
	const kept: readonly (readonly [AreaName, readonly number[] | undefined])[] = [
		["boot stage", bootStage],
		[slotNames[running], places[running]?.sectors],
		["device root key", rootKey],
		["store", store],
	];
	return {
		...{ board, bundle, version: header.version, isForDevelopment: header.isForDevelopment, isBlanking: false },
		pieces: [piece(slotNames[written], places[written] as Area, octets)],
		cleared: [],
		kept: kept.flatMap(([what, sectors]) => (sectors ? [{ what, ...areaOf(board, sectors) }] : [])),
	};
}

const erasing = (what: PieceName | AreaName, sectors: readonly number[]): Step[] =>
	sectors.map((sector) => ({ kind: "erase", what, sector }));

/** The part of a piece from one address on to another, as one write, or none. */
function writing({ what, address, octets }: Piece, from: number, to: number): Step[] {
	const part = octets.subarray(from - address, to - address);
	return part.length === 0 ? [] : [{ kind: "write", what, address: from, octets: part }];
}

interface Halves {
	readonly body: readonly Step[];
	readonly seal: readonly Step[];
}

/** First away with what an old image begins with, then what lies behind, and its beginning last. */
function halvesOf(board: FlashBoard, one: Piece, grain: Grain): Halves {
	const { what, address, octets, area, seal } = one;
	const end = address + octets.length;
	if (grain === "octets")
		return {
			body: [...erasing(what, area.sectors), ...writing(one, address + seal, end)],
			seal: writing(one, address, Math.min(end, address + seal)),
		};
	const [first, ...others] = area.sectors as [number, ...number[]];
	const edge = (sector: number): number => areaOf(board, [sector]).address;
	const rest = others.flatMap((sector) => {
		const from = edge(sector);
		const part = from < end ? writing(one, from, Math.min(end, from + (board.flash.sectors[sector] ?? 0))) : [];
		return part.length > 0 ? part : erasing(what, [sector]);
	});
	return {
		body: [...erasing(what, [first]), ...rest],
		seal: writing(one, address, Math.min(end, address + (board.flash.sectors[first] ?? 0))),
	};
}

/**
 * What is done to the flash, in that order. The image loses its beginning first and gets it back last, when boot stage and
 * records are as they shall be: whenever it breaks off, what is there is no whole image, and the same steps repair it.
 * `same` names the pieces that the device has already.
 */
export function stepsOf({ board, pieces, cleared }: Plan, same: ReadonlySet<PieceName>, grain: Grain): readonly Step[] {
	const [main, ...before] = [...pieces].reverse() as [Piece, ...Piece[]];
	const { body, seal } = halvesOf(board, main, grain);
	const others = before
		.filter(({ what, onlyIfOther }) => !onlyIfOther || !same.has(what))
		.map((one) => halvesOf(board, one, grain));
	return [
		...body,
		...others.flatMap((one) => [...one.body, ...one.seal]),
		...cleared.flatMap(({ what, sectors }) => erasing(what, sectors)),
		...seal,
	];
}

/** All sectors that the steps may touch. */
export const touchedSectors = ({ pieces, cleared }: Plan): readonly number[] =>
	[...pieces.flatMap(({ area }) => area.sectors), ...cleared.flatMap(({ sectors }) => sectors)].sort((a, b) => a - b);
