import { Decoder, Encoder } from "cbor-x";

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
