import {
	constants,
	createCipheriv,
	createHmac,
	diffieHellman,
	generateKeyPairSync,
	hkdfSync,
	type KeyObject,
	publicEncrypt,
	randomBytes,
} from "node:crypto";
import { Encoder } from "cbor-x";
import { ECIES_INFO, type Suite, suites } from "../../../../firmware/contract/documents.ts";

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

/** Ephemeral point, uncompressed | AES-256-GCM | tag; every object has a key of its own, so the nonce is zero. */
function wrapEcies(keys: Uint8Array, key: KeyObject, suite: Suite): Buffer {
	const ephemeral = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const { x = "", y = "" } = ephemeral.publicKey.export({ format: "jwk" });
	const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
	const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: key });
	const wrapKey = Buffer.from(hkdfSync("sha256", shared, point, ECIES_INFO, 32));
	const cipher = createCipheriv("aes-256-gcm", wrapKey, Buffer.alloc(12)).setAAD(Buffer.from([suite]));
	const body = Buffer.concat([cipher.update(keys), cipher.final()]);
	shared.fill(0);
	wrapKey.fill(0);
	return Buffer.concat([point, body, cipher.getAuthTag()]);
}

/** Suite 3 where PuKTRE is on P-256, else the default of the RSA suites. */
const suiteFor = (key: KeyObject): Suite => (key.asymmetricKeyType === "ec" ? 3 : 2);

export const protect = (content: Content, key: KeyObject, suite?: Suite): Buffer =>
	protectData(dataOf(content), key, suite);

/** suite | PuKTRE(PIK|PCK) | ENC | MAC, encrypted then MACed (B.2.3.6). `data` comes in whole blocks. */
export function protectData(data: Uint8Array, key: KeyObject, suite: Suite = suiteFor(key)): Buffer {
	const shape = suites[suite];
	const pik = randomBytes(shape.integrity);
	const pck = randomBytes(shape.confidentiality);
	const keys = Buffer.concat([pik, pck]);
	const wrapped =
		shape.wrap === "ecies-p256"
			? wrapEcies(keys, key, suite)
			: publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: shape.hash }, keys);
	keys.fill(0);
	const iv = randomBytes(BLOCK);
	const cipher = createCipheriv(shape.cipher, pck, iv).setAutoPadding(false);
	const enc = Buffer.concat([iv, cipher.update(data), cipher.final()]);
	const mac = createHmac(shape.hash, pik).update(enc).digest();
	pik.fill(0);
	pck.fill(0);
	return Buffer.concat([Buffer.from([suite]), wrapped, enc, mac]);
}
