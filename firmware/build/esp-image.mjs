import { createHash } from "node:crypto";

/** What the ROM of a chip wants to know of an image. */
const chips = { esp32c3: 5 };

const MAGIC = 0xe9;
const CHECKSUM_SEED = 0xef;
/** Two data lines, which every flash has; 4 MB, 40 MHz. */
const [TWO_LINES, SIZE_4_MB_AT_40_MHZ] = [2, 0x20];
const NO_WRITE_PROTECT_PIN = 0xee;
const ANY_REVISION = 0xffff;
const HASH_APPENDED = 1;
const BLOCK = 16;

/**
 * A firmware as the ROM of an ESP32 loads it into RAM: header, one segment that goes to `address`, checksum, SHA-256. The
 * ROM jumps to `entry`.
 */
export function espImage(chip, { address, entry, octets }) {
	const padded = Buffer.concat([octets, Buffer.alloc(-octets.length & 3)]);
	const header = Buffer.alloc(24);
	header.set([MAGIC, 1, TWO_LINES, SIZE_4_MB_AT_40_MHZ]);
	header.writeUInt32LE(entry, 4);
	header.writeUInt8(NO_WRITE_PROTECT_PIN, 8);
	header.writeUInt16LE(chips[chip], 12);
	header.writeUInt16LE(ANY_REVISION, 17);
	header.writeUInt8(HASH_APPENDED, 23);
	const segment = Buffer.alloc(8);
	segment.writeUInt32LE(address, 0);
	segment.writeUInt32LE(padded.length, 4);
	const body = Buffer.concat([header, segment, padded]);
	// The checksum is the last octet of a block of its own, or of the one that is not full.
	const end = Buffer.alloc(BLOCK - (body.length % BLOCK));
	end[end.length - 1] = padded.reduce((sum, octet) => sum ^ octet, CHECKSUM_SEED);
	const image = Buffer.concat([body, end]);
	return Buffer.concat([image, createHash("sha256").update(image).digest()]);
}

/** Where the program headers of an ELF (32 bits, little-endian) put its first octet, and its entry. */
export function placeOf(elf) {
	const [entry, table] = [elf.readUInt32LE(24), elf.readUInt32LE(28)];
	const [size, count] = [elf.readUInt16LE(42), elf.readUInt16LE(44)];
	const loads = [];
	for (let n = 0; n < count; n++) {
		const at = table + n * size;
		// PT_LOAD with octets in the file: its physical address.
		if (elf.readUInt32LE(at) === 1 && elf.readUInt32LE(at + 16) > 0) loads.push(elf.readUInt32LE(at + 12));
	}
	return { entry, address: Math.min(...loads) };
}
