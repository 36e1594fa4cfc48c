import { createHash, randomInt, timingSafeEqual } from "node:crypto";

/** Without letters and digits that look alike. */
const ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const GROUPS = 4;
const GROUP = 4;

export const releaseCodeHash = (code: string): string => createHash("sha256").update(code).digest("hex");

/** Is this the code with that hash? Where none is known, none is right. */
export const isReleasedBy = (code: string | undefined, hash: string | undefined): boolean =>
	code !== undefined && hash !== undefined && timingSafeEqual(Buffer.from(releaseCodeHash(code)), Buffer.from(hash));

/**
 * A release code: our extension to B.2.3.2. It goes to the subscriber apart from the device's label,
 * and whoever shows it may move the device; the operator keeps its hash. 80 bits.
 */
export function newReleaseCode(): { code: string; hash: string } {
	const group = () => Array.from({ length: GROUP }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
	const code = Array.from({ length: GROUPS }, group).join("-");
	return { code, hash: releaseCodeHash(code) };
}
