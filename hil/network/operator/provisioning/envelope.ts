import { constants, createCipheriv, createHmac, type KeyObject, publicEncrypt, randomBytes } from "node:crypto";
import { Encoder } from "cbor-x";
import { type Suite, suites } from "../../../../firmware/contract/documents.ts";

const encoder = new Encoder({ useRecords: false, tagUint8Array: false });
const BLOCK = 16;

/** What goes into protected data: `payload = public | secret` (documents.md). */
export interface Content {
	readonly tag: number;
	/** 1 … 2^32-1. */
	readonly version: number;
	readonly publicPart: readonly unknown[];
	readonly secret: Uint8Array;
}

const u32 = (value: number): Buffer => {
	const octets = Buffer.alloc(4);
	octets.writeUInt32BE(value);
	return octets;
};

/** tag | payload_length | payload | version | padding_data (B.2.3.6). */
export function dataOf(content: Content): Buffer {
	const open = encoder.encode(content.publicPart);
	const publicLength = Buffer.alloc(2);
	publicLength.writeUInt16BE(open.length);
	const payload = Buffer.concat([publicLength, open, content.secret]);
	const body = Buffer.concat([Buffer.from([content.tag]), u32(payload.length), payload, u32(content.version)]);
	const padding = Buffer.alloc(BLOCK - (body.length % BLOCK));
	padding[0] = 0x80;
	return Buffer.concat([body, padding]);
}

/** suite | PuKTRE(PIK|PCK) | ENC | MAC, encrypted then MACed (B.2.3.6). */
export function protect(content: Content, key: KeyObject, suite: Suite = 2): Buffer {
	const shape = suites[suite];
	const pik = randomBytes(shape.integrity);
	const pck = randomBytes(shape.confidentiality);
	const wrapped = publicEncrypt(
		{ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: shape.hash },
		Buffer.concat([pik, pck]),
	);
	const iv = randomBytes(BLOCK);
	const cipher = createCipheriv(shape.cipher, pck, iv).setAutoPadding(false);
	const enc = Buffer.concat([iv, cipher.update(dataOf(content)), cipher.final()]);
	const mac = createHmac(shape.hash, pik).update(enc).digest();
	pik.fill(0);
	pck.fill(0);
	return Buffer.concat([Buffer.from([suite]), wrapped, enc, mac]);
}
