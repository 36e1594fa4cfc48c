import type { BundleParts } from "../contract/bundle.ts";
import type { UpdateKey } from "./update-key.mjs";

/** What a firmware of this clone says of itself. */
export function release(root: string): { readonly version: string; readonly securityCounter: number };

export interface Image {
	readonly board: string;
	/** Where the header lies. */
	readonly address: number;
	readonly image: Uint8Array;
	readonly version: string;
	readonly securityCounter: number;
}

/** An image behind its signed header (firmware/contract/image.ts). */
export function signedImage(root: string, image: Image, key: UpdateKey): Promise<Buffer>;

/** A firmware bundle (docs/documents.md). */
export function encodeBundle(root: string, parts: BundleParts): Promise<Buffer>;
