import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { BundleError, type BundleParts, decodeParts } from "../../firmware/contract/bundle.ts";
import { decodeHeader, ImageError, type ImageHeader, image } from "../../firmware/contract/image.ts";
import { readNamed } from "../../firmware/local/named-file.ts";
import { inClone } from "../../firmware/local/repository.ts";
import { type Area, areaOf, boardNames, type FlashBoard, imageAreas } from "./board.ts";
import { FlashRefused } from "./refused.ts";

/** An image and its header, as they lie in a slot. */
export interface SlotImage {
	readonly header: ImageHeader;
	/** Header and image. */
	readonly octets: Uint8Array;
}

/**
 * All that a board is flashed with: `["TRE-BUNDLE", 1, board, boot stage, [slot …]]`, deterministic CBOR. A board without a
 * boot stage has an empty one, and one slot: its image goes to the base of the flash without its header, whose address is
 * that base.
 */
export interface Bundle {
	readonly board: string;
	readonly bootStage: Uint8Array;
	readonly slots: readonly SlotImage[];
}

const asRefusal = ({ message, advice }: BundleError): FlashRefused =>
	new FlashRefused("bundle-damaged", message, advice);
const damaged = (what: string): FlashRefused => asRefusal(new BundleError(what));

function partsOf(octets: Uint8Array): BundleParts {
	try {
		return decodeParts(octets);
	} catch (error) {
		throw error instanceof BundleError ? asRefusal(error) : error;
	}
}

function slotImageOf(name: string, octets: Uint8Array): SlotImage {
	let header: ImageHeader;
	try {
		header = decodeHeader(octets);
	} catch (error) {
		if (!(error instanceof ImageError)) throw error;
		throw damaged(`${name} of the bundle is none of ours: ${error.message}`);
	}
	const behind = octets.subarray(image.HEADER_SIZE);
	if (octets.subarray(image.USED_SIZE, image.HEADER_SIZE).some((octet) => octet !== 0xff))
		throw damaged(`${name} of the bundle has something in the fill of its header`);
	if (behind.length !== header.length || header.length === 0)
		throw damaged(`${name} of the bundle has ${behind.length} octets of image, and its header says ${header.length}`);
	if (!createHash("sha256").update(behind).digest().equals(header.digest))
		throw damaged(`${name} of the bundle has another digest than its header says`);
	return { header, octets };
}

/** Reads a bundle; every image has the length and the digest of its header. Throws FlashRefused. */
export function decodeBundle(octets: Uint8Array): Bundle {
	const { board, bootStage, slots } = partsOf(octets);
	return {
		board,
		bootStage,
		slots: slots.map((slot, n) => slotImageOf(`slot ${"AB"[n] ?? n}`, slot)),
	};
}

/** Reads a bundle file. Throws FlashRefused, also where none is there. */
export function readBundle(path: string): Bundle {
	if (existsSync(path)) return decodeBundle(readNamed(path));
	throw new FlashRefused(
		"bundle-missing",
		`there is no firmware ${path}`,
		"build it: npm run firmware -- --board BOARD --dev, or with --update-key FILE; or name one: --firmware FILE",
	);
}

/** Where the builder puts the bundle of a board. */
export const builtBundle = (board: string): string => inClone(`build/boards/${board}/board/tre.bundle`);

/** The one bundle that was built here. Throws FlashRefused where there is none, or more than one. */
export function onlyBuiltBundle(): string {
	const built = boardNames().filter((name) => existsSync(builtBundle(name)));
	if (built.length === 1) return builtBundle(built[0] as string);
	if (built.length === 0)
		throw new FlashRefused(
			"bundle-missing",
			"no firmware has been built here",
			"build it: npm run firmware -- --board BOARD --dev, or with --update-key FILE; or name one: --firmware FILE",
		);
	throw new FlashRefused(
		"bundle-missing",
		`firmware has been built for ${built.join(" and ")}`,
		"say which board this is: --board BOARD",
	);
}

function checkPlaces(board: FlashBoard, slots: readonly SlotImage[]): void {
	const { flash } = board;
	const places = imageAreas(board);
	if (slots.length !== places.length)
		throw damaged(`the bundle has ${slots.length} images, and ${board.name} takes ${places.length}`);
	for (const [n, { header, octets }] of slots.entries()) {
		const name = flash.bootStage ? `slot ${"AB"[n]}` : "the image";
		const { address, length } = places[n] as Area;
		const used = flash.bootStage ? octets.length : header.length;
		if (header.address !== address)
			throw damaged(
				`${name} of the bundle is linked for 0x${header.address.toString(16)}, and belongs to 0x${address.toString(16)}`,
			);
		if (used > length) throw damaged(`${name} of the bundle takes ${used} octets, and there are ${length}`);
		if (header.board !== board.name)
			throw new FlashRefused(
				"bundle-of-other-board",
				`${name} of the bundle is for ${header.board}, and the bundle for ${board.name}`,
				"build it again for the board that you have",
			);
	}
}

/** Holds a bundle against the board that it names. Throws FlashRefused. */
export function checkBundle(bundle: Bundle, board: FlashBoard): void {
	if (bundle.board !== board.name)
		throw new FlashRefused(
			"bundle-of-other-board",
			`the firmware is for ${bundle.board}, and the board is a ${board.name}`,
			`build it: npm run firmware -- --board ${board.name} --dev, or with --update-key FILE; or name another one: --firmware FILE`,
		);
	const room = board.flash.bootStage ? areaOf(board, board.flash.bootStage).length : 0;
	if (bundle.bootStage.length > room || (room > 0 && bundle.bootStage.length === 0))
		throw damaged(
			`the boot stage of the bundle has ${bundle.bootStage.length} octets, and ${board.name} has room for ${room}`,
		);
	checkPlaces(board, bundle.slots);
	const [first, ...others] = bundle.slots.map(({ header }) => header);
	for (const other of others)
		if (
			first?.version !== other.version ||
			first.securityCounter !== other.securityCounter ||
			first.isForDevelopment !== other.isForDevelopment ||
			!Buffer.from(first.signer).equals(other.signer)
		)
			throw damaged("the two slots of the bundle are of different versions, security counters or signers");
}
