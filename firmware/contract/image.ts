/**
 * A firmware image as it lies in flash, and what an update carries: a header of `HEADER_SIZE` octets, the rest of it 0xff,
 * and the image behind it. Integers are little-endian. The factory signs the first `SIGNED_SIZE` octets (ECDSA, P-256,
 * SHA-256; r and s, 32 octets each, big-endian). The boot stage and the TRE read the same octets.
 */
export const image = {
	/** "TREI". */
	magic: 0x49455254,
	format: 1,
	HEADER_SIZE: 512,
	SIGNED_SIZE: 128,
	/** Signed octets and signature: all of the header that is not fill. */
	USED_SIZE: 192,
	/** Signed with the key of the repository, which everybody has. */
	FLAG_DEVELOPMENT: 1,
	SLOTS: 2,
} as const;

/** Where each field of a header begins. */
export const imageFields = {
	magic: 0,
	format: 4,
	/** major << 24 | minor << 16 | patch */
	version: 8,
	/** Never falls on a device that has confirmed it. */
	securityCounter: 12,
	flags: 16,
	/** Octets behind the header. */
	length: 20,
	/** Where the header lies in the address space of the core; on the emulator the number of the slot. */
	address: 24,
	reserved: 28,
	/** ASCII, filled up with zeros. */
	board: 32,
	/** SHA-256 of the octets behind the header. */
	digest: 64,
	/** SHA-256 of the public key (X and Y, 64 octets) whose private key has signed. */
	signer: 96,
	signature: 128,
} as const;

export interface ImageHeader {
	readonly version: string;
	readonly securityCounter: number;
	readonly isForDevelopment: boolean;
	readonly length: number;
	readonly address: number;
	readonly board: string;
	readonly digest: Uint8Array;
	readonly signer: Uint8Array;
	readonly signature: Uint8Array;
}

/** Why octets are no header of ours, in words for people. */
export class ImageError extends Error {}

const BOARD_SIZE = 32;
const DIGEST_SIZE = 32;
const VERSION = /^(\d{1,3})\.(\d{1,3})\.(\d{1,5})$/;

/** As it stands in a header. Throws an `ImageError` where it is no version. */
export function packedVersion(version: string): number {
	const [, major = "", minor = "", patch = ""] = VERSION.exec(version) ?? [];
	const parts = [Number(major), Number(minor), Number(patch)] as const;
	if (major === "" || parts[0] > 255 || parts[1] > 255 || parts[2] > 65_535)
		throw new ImageError(`"${version}" is no version: it takes major.minor.patch, at most 255.255.65535`);
	return parts[0] * 2 ** 24 + parts[1] * 2 ** 16 + parts[2];
}

const versionText = (packed: number): string => [packed >>> 24, (packed >>> 16) & 0xff, packed & 0xffff].join(".");

/** The octets that the factory signs. */
export function signedPart(header: Omit<ImageHeader, "signature">): Uint8Array {
	const octets = new Uint8Array(image.SIGNED_SIZE);
	const view = new DataView(octets.buffer);
	const put = (at: number, value: number): void => view.setUint32(at, value, true);
	put(imageFields.magic, image.magic);
	put(imageFields.format, image.format);
	put(imageFields.version, packedVersion(header.version));
	put(imageFields.securityCounter, header.securityCounter);
	put(imageFields.flags, header.isForDevelopment ? image.FLAG_DEVELOPMENT : 0);
	put(imageFields.length, header.length);
	put(imageFields.address, header.address);
	const name = new TextEncoder().encode(header.board);
	if (name.length > BOARD_SIZE) throw new ImageError(`"${header.board}" is longer than ${BOARD_SIZE} octets`);
	octets.set(name, imageFields.board);
	octets.set(header.digest, imageFields.digest);
	octets.set(header.signer, imageFields.signer);
	return octets;
}

/** A whole header, `HEADER_SIZE` octets. */
export function encodeHeader(header: ImageHeader): Uint8Array {
	const octets = new Uint8Array(image.HEADER_SIZE).fill(0xff);
	octets.set(signedPart(header), 0);
	octets.set(header.signature, imageFields.signature);
	return octets;
}

/** What stands in a header; its signature is not checked here. Throws an `ImageError` where it is none of ours. */
export function decodeHeader(octets: Uint8Array): ImageHeader {
	if (octets.length < image.USED_SIZE) throw new ImageError(`${octets.length} octets are too few for an image header`);
	const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
	const at = (field: number): number => view.getUint32(field, true);
	if (at(imageFields.magic) !== image.magic) throw new ImageError("it does not begin with the header of a TRE image");
	const format = at(imageFields.format);
	if (format !== image.format) throw new ImageError(`its header has format ${format}, and this program knows 1`);
	const flags = at(imageFields.flags);
	if ((flags & ~image.FLAG_DEVELOPMENT) !== 0 || at(imageFields.reserved) !== 0)
		throw new ImageError("its header has bits that this program does not know");
	const name = octets.subarray(imageFields.board, imageFields.board + BOARD_SIZE);
	const end = name.indexOf(0) < 0 ? BOARD_SIZE : name.indexOf(0);
	if (
		name.subarray(end).some((octet) => octet !== 0) ||
		name.subarray(0, end).some((octet) => octet < 33 || octet > 126)
	)
		throw new ImageError("its header names no board");
	return {
		version: versionText(at(imageFields.version)),
		securityCounter: at(imageFields.securityCounter),
		isForDevelopment: flags === image.FLAG_DEVELOPMENT,
		length: at(imageFields.length),
		address: at(imageFields.address),
		board: new TextDecoder().decode(name.subarray(0, end)),
		digest: octets.slice(imageFields.digest, imageFields.digest + DIGEST_SIZE),
		signer: octets.slice(imageFields.signer, imageFields.signature),
		signature: octets.slice(imageFields.signature, image.USED_SIZE),
	};
}
