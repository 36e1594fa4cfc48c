import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { encodeBundle } from "../../../firmware/contract/bundle.ts";
import { encodeHeader, type ImageHeader, signedPart } from "../../../firmware/contract/image.ts";
import { type FlashBoard, flashBoard, imageAreas } from "../../../host/flash/board.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });

/** SHA-256 of X and Y, which end the DER of a public key of P-256. */
const signerOf = (key: KeyObject): Uint8Array =>
	createHash("sha256")
		.update(key.export({ format: "der", type: "spki" }).subarray(-64))
		.digest();

/** Octets that look like nothing, and are the same for the same seed. */
export function noise(seed: string, length: number): Buffer {
	const parts: Buffer[] = [];
	for (let n = 0; n * 32 < length; n++) parts.push(createHash("sha256").update(`${seed} ${n}`).digest());
	return Buffer.concat(parts).subarray(0, length);
}

/** Header and image, signed. */
export function slotOctets(
	fields: Partial<ImageHeader> & { board: string; address: number },
	behind: Uint8Array,
): Buffer {
	const unsigned = {
		version: "1.2.3",
		securityCounter: 1,
		isForDevelopment: true,
		length: behind.length,
		digest: createHash("sha256").update(behind).digest(),
		signer: signerOf(publicKey),
		...fields,
	};
	const signature = sign("sha256", signedPart(unsigned), { key: privateKey, dsaEncoding: "ieee-p1363" });
	return Buffer.concat([encodeHeader({ signature, ...unsigned }), behind]);
}

export interface Shape {
	readonly version?: string;
	/** Octets of an image. */
	readonly size?: number;
	readonly seed?: string;
	/** In place of what the seed gives. */
	readonly image?: Uint8Array;
	readonly bootStage?: Uint8Array;
}

/** A bundle for a board, and what differs from one that fits. */
export function bundleOctets(board: FlashBoard, shape: Shape = {}, changed: Partial<ImageHeader> = {}): Buffer {
	const { version = "1.2.3", size = 3_001, seed = version } = shape;
	const slots = imageAreas(board).map(({ address }, n) =>
		slotOctets({ board: board.name, address, version, ...changed }, shape.image ?? noise(`${seed} slot ${n}`, size)),
	);
	const bootStage = shape.bootStage ?? noise(`${seed} boot stage`, board.flash.bootStage ? 1_203 : 0);
	return encodeBundle({ board: board.name, bootStage, slots });
}

export const f405 = flashBoard("stm32f405");

/** The same chip without a boot stage. */
export const bare: FlashBoard = {
	...f405,
	name: "bare",
	flash: { ...f405.flash, bootStage: undefined, bootRecords: undefined, slots: undefined },
};

/** A boot stage that does nothing for ever, as what an emulator starts has to be code. */
export function idleStage(board: FlashBoard, seed: string, length = 300): Buffer {
	const [STACK, LOOP] = [0x2000_1000, 0xe7fe];
	const octets = Buffer.from(noise(seed, length));
	octets.writeUInt32LE(STACK, 0);
	octets.writeUInt32LE(board.flash.base + 8 + 1, 4);
	octets.writeUInt16LE(LOOP, 8);
	return octets;
}

const KIB = 1024;

/** The same map in sectors that a test has written and read at once. */
export const small: FlashBoard = {
	...f405,
	name: "small",
	flash: {
		...f405.flash,
		sectors: [2, 1, 1, 1, 1, 4, 4, 4, 4, 1, 1, 1].map((size) => size * KIB) as [number, ...number[]],
	},
};
