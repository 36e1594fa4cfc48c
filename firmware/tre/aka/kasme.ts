import { sha256 } from "../platform/keys";

const BLOCK: i32 = 64;
const HASH: i32 = 32;
const FC: u8 = 0x10;

/**
 * KASME (TS 33.401 A.2): HMAC-SHA-256 over FC | SN id | 0003 | SQN xor AK | 0006, keyed with CK | IK (the KDF
 * of TS 33.220 B.2). `concealed`: the first six octets of AUTN.
 */
export function kasme(ck: Uint8Array, ik: Uint8Array, snId: Uint8Array, concealed: Uint8Array): Uint8Array {
	const text = new Uint8Array(14);
	text[0] = FC;
	text.set(snId, 1);
	text[5] = 3;
	text.set(concealed, 6);
	text[13] = 6;
	const inner = new Uint8Array(BLOCK + text.length);
	const outer = new Uint8Array(BLOCK + HASH);
	inner.set(ck, 0);
	inner.set(ik, 16);
	for (let i = 0; i < BLOCK; i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	inner.set(text, BLOCK);
	outer.set(sha256(inner), BLOCK);
	const result = sha256(outer);
	memory.fill(inner.dataStart, 0, inner.length);
	memory.fill(outer.dataStart, 0, outer.length);
	return result;
}
