import { createHash } from "node:crypto";
import { Decoder, Encoder } from "cbor-x";
import { decodeHeader, ImageError, type ImageHeader, image } from "./image.ts";

/**
 * A firmware bundle (docs/documents.md): `["TRE-BUNDLE", 1, board, boot stage, [slot …]]`, deterministic CBOR; each slot is a
 * header (image.ts) and the image behind it.
 */
export interface BundleParts {
	readonly board: string;
	/** Empty where the board has none. */
	readonly bootStage: Uint8Array;
	readonly slots: readonly Uint8Array[];
}

const MAGIC = "TRE-BUNDLE";
const FORMAT = 1;

// Arrays, ASCII and byte strings: with these options, deterministic.
const encoder = new Encoder({ useRecords: false, tagUint8Array: false });
const decoder = new Decoder({ useRecords: false });

/** Why octets are no bundle of ours, in words for people, and what to do. */
export class BundleError extends Error {
	readonly advice: string;

	constructor(
		what: string,
		advice = "build it again: npm run firmware -- --board BOARD --dev, or with --update-key FILE",
	) {
		super(what);
		this.advice = advice;
	}
}

export const encodeBundle = ({ board, bootStage, slots }: BundleParts): Buffer =>
	encoder.encode([MAGIC, FORMAT, board, bootStage, slots]);

function itemsOf(octets: Uint8Array): readonly unknown[] {
	let items: unknown;
	try {
		items = decoder.decode(octets);
	} catch {
		throw new BundleError("the file is no firmware bundle (no CBOR)");
	}
	if (!Array.isArray(items) || items[0] !== MAGIC) throw new BundleError("the file is no firmware bundle");
	if (items[1] !== FORMAT)
		throw new BundleError(`the bundle has format ${items[1]}`, "take a newer version of this program");
	if (!encoder.encode(items).equals(octets))
		throw new BundleError("the bundle is not as it was written (no deterministic CBOR)");
	return items;
}

/** What a bundle consists of; headers and digests are not looked at here. Throws `BundleError`. */
export function decodeParts(octets: Uint8Array): BundleParts {
	const [, , board, bootStage, slots] = itemsOf(octets);
	const isWhole =
		typeof board === "string" &&
		bootStage instanceof Uint8Array &&
		Array.isArray(slots) &&
		slots.length > 0 &&
		slots.every((slot) => slot instanceof Uint8Array);
	if (!isWhole) throw new BundleError("the bundle has other parts than a board, a boot stage and slots");
	return { board, bootStage, slots: slots as Uint8Array[] };
}

/** An image and its header, as they lie in a slot. */
export interface SlotImage {
	readonly header: ImageHeader;
	/** Header and image. */
	readonly octets: Uint8Array;
}

/** A bundle whose images have the length and the digest that their headers say; signatures are the device's business. */
export interface Bundle {
	readonly board: string;
	readonly bootStage: Uint8Array;
	readonly slots: readonly SlotImage[];
}

function slotImageOf(name: string, octets: Uint8Array): SlotImage {
	let header: ImageHeader;
	try {
		header = decodeHeader(octets);
	} catch (error) {
		if (!(error instanceof ImageError)) throw error;
		throw new BundleError(`${name} of the bundle is none of ours: ${error.message}`);
	}
	const behind = octets.subarray(image.HEADER_SIZE);
	if (octets.subarray(image.USED_SIZE, image.HEADER_SIZE).some((octet) => octet !== 0xff))
		throw new BundleError(`${name} of the bundle has something in the fill of its header`);
	if (behind.length !== header.length || header.length === 0)
		throw new BundleError(
			`${name} of the bundle has ${behind.length} octets of image, and its header says ${header.length}`,
		);
	if (!createHash("sha256").update(behind).digest().equals(header.digest))
		throw new BundleError(`${name} of the bundle has another digest than its header says`);
	return { header, octets };
}

/** Reads a bundle. Throws `BundleError`. */
export function openBundle(octets: Uint8Array): Bundle {
	const { board, bootStage, slots } = decodeParts(octets);
	return { board, bootStage, slots: slots.map((slot, n) => slotImageOf(`slot ${"AB"[n] ?? n}`, slot)) };
}

/** The used headers of all slots, in order, as `updateBegin` takes them. */
export const headersOf = (slots: readonly Uint8Array[]): Uint8Array =>
	Buffer.concat(slots.map((octets) => octets.subarray(0, image.USED_SIZE)));

/** What an SHO's offer names a bundle by: SHA-256 over the used headers. */
export const bundleDigest = (slots: readonly Uint8Array[]): Buffer =>
	createHash("sha256").update(headersOf(slots)).digest();
