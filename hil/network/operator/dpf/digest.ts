import { createHash, timingSafeEqual } from "node:crypto";

const md5 = (octets: string | Uint8Array): Buffer => createHash("md5").update(octets).digest();

/** syncml:auth-md5 (DM Security 1.2.1): b64(MD5(b64(MD5(user:password)):nonce)). */
export function authMd5(user: string, password: string, nonce: Uint8Array): string {
	const inner = md5(`${user}:${password}`).toString("base64");
	return md5(Buffer.concat([Buffer.from(`${inner}:`), nonce])).toString("base64");
}

export function sameDigest(a: string, b: string): boolean {
	const [left, right] = [Buffer.from(a), Buffer.from(b)];
	return left.length === right.length && timingSafeEqual(left, right);
}
