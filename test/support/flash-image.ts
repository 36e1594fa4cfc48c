import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

/*
 * The store format and the seal of the crypto side, written and read without the firmware: for tests
 * that need a device in a chosen state, or want to look for secrets at rest.
 */

const MAGIC = 0x31455254;
const COMMIT = 0xfffe;
const HEADER = 16;
const RECORD = 12;

const sealKey = (rootKey: Uint8Array): Buffer => createHmac("sha256", rootKey).update("TRE seal").digest();

/** type | nonce | ciphertext | tag. */
export function seal(rootKey: Uint8Array, type: number, plain: Uint8Array): Buffer {
	const nonce = randomBytes(12);
	const cipher = createCipheriv("aes-256-gcm", sealKey(rootKey), nonce);
	cipher.setAAD(Buffer.from([type]));
	const body = Buffer.concat([cipher.update(plain), cipher.final()]);
	return Buffer.concat([Buffer.from([type]), nonce, body, cipher.getAuthTag()]);
}

export function unseal(rootKey: Uint8Array, sealed: Buffer): Buffer {
	const decipher = createDecipheriv("aes-256-gcm", sealKey(rootKey), sealed.subarray(1, 13));
	decipher.setAAD(sealed.subarray(0, 1));
	decipher.setAuthTag(sealed.subarray(-16));
	return Buffer.concat([decipher.update(sealed.subarray(13, -16)), decipher.final()]);
}

const pad = (octets: Uint8Array): Buffer => Buffer.concat([octets, Buffer.alloc((4 - (octets.length % 4)) % 4)]);

function record(key: number, octets: Uint8Array, transaction: number): Buffer {
	const head = Buffer.alloc(RECORD);
	head.writeUInt16LE(key, 0);
	head.writeUInt16LE(octets.length, 2);
	head.writeUInt32LE(transaction, 4);
	head.writeUInt32LE(crc32(octets, crc32(head.subarray(0, 8))), 8);
	return Buffer.concat([head, pad(octets)]);
}

/** A flash whose store holds these records after one transaction. */
export function writeFlash(size: number, records: ReadonlyMap<number, Uint8Array>): Buffer {
	const header = Buffer.alloc(HEADER);
	header.writeUInt32LE(MAGIC, 0);
	header.writeUInt32LE(1, 4);
	header.writeUInt32LE(crc32(header.subarray(0, 8)), 8);
	header.writeUInt32LE(1, 12);
	const body = [...records].map(([key, octets]) => record(key, octets, 1));
	const flash = Buffer.alloc(size, 0xff);
	Buffer.concat([header, ...body, record(COMMIT, Buffer.alloc(0), 1)]).copy(flash);
	return flash;
}

/** All records that were ever written and not erased, in order, from both banks. */
export function readFlash(flash: Buffer): { key: number; octets: Buffer }[] {
	const found: { key: number; octets: Buffer }[] = [];
	for (const base of [0, flash.length / 2]) {
		if (flash.readUInt32LE(base) !== MAGIC) continue;
		let at = base + HEADER;
		while (flash.readUInt16LE(at) !== 0xffff) {
			const [key, length] = [flash.readUInt16LE(at), flash.readUInt16LE(at + 2)];
			found.push({ key, octets: flash.subarray(at + RECORD, at + RECORD + length) });
			at += RECORD + Math.ceil(length / 4) * 4;
		}
	}
	return found;
}
