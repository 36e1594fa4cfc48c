import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * What a firmware of this clone says of itself: the version of the package, and the security counter (package.json,
 * `tre`), which a release raises when nothing older may come back.
 */
export function release(root) {
	const { version, tre } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	return { version, securityCounter: tre.securityCounter };
}

/** An image behind its signed header (firmware/contract/image.ts). `address` is where the header lies. */
export async function signedImage(root, { board, address, image, version, securityCounter }, key) {
	const { encodeHeader, signedPart } = await import(
		pathToFileURL(join(root, "build/js/firmware/contract/image.js")).href
	);
	const header = {
		...{ board, address, version, securityCounter },
		length: image.length,
		isForDevelopment: key.isForDevelopment,
		digest: createHash("sha256").update(image).digest(),
		signer: key.signer,
	};
	return Buffer.concat([encodeHeader({ ...header, signature: key.sign(signedPart(header)) }), image]);
}

/** A firmware bundle (firmware/contract/bundle.ts). */
export async function encodeBundle(root, parts) {
	const { encodeBundle: encode } = await import(pathToFileURL(join(root, "build/js/firmware/contract/bundle.js")).href);
	return encode(parts);
}
