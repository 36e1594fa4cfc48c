import {
	constants,
	createCipheriv,
	createDecipheriv,
	createECDH,
	createHmac,
	type KeyObject,
	privateDecrypt,
} from "node:crypto";

/*
 * Independent of the project's code on purpose: written from TS 35.206 and B.2.3.6 with big integers
 * and node:crypto, to be the other side of a comparison.
 */

const MASK = (1n << 128n) - 1n;
const toInt = (octets: Uint8Array): bigint => BigInt(`0x${Buffer.from(octets).toString("hex") || "0"}`);
const toOctets = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(32, "0"), "hex");
const rotl = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (128n - bits))) & MASK;

export function independentMilenage(
	k: Uint8Array,
	opc: Uint8Array,
	rand: Uint8Array,
	sqn: Uint8Array,
	amf: Uint8Array,
) {
	const aes = (value: bigint): bigint =>
		toInt(createCipheriv("aes-128-ecb", k, null).setAutoPadding(false).update(toOctets(value)));
	const op = toInt(opc);
	const temp = aes(toInt(rand) ^ op);
	const half = (toInt(sqn) << 16n) | toInt(amf);
	const in1 = (half << 64n) | half;
	const out1 = aes(temp ^ rotl(in1 ^ op, 64n)) ^ op;
	const out = (r: bigint, c: bigint): Buffer => toOctets(aes(rotl(temp ^ op, r) ^ c) ^ op);
	const out2 = out(0n, 1n);
	return {
		f1: toOctets(out1).subarray(0, 8),
		f1star: toOctets(out1).subarray(8),
		f2: out2.subarray(8),
		f5: out2.subarray(0, 6),
		f3: out(32n, 2n),
		f4: out(64n, 4n),
		f5star: out(96n, 8n).subarray(0, 6),
	};
}

/** TS 33.401 A.2 over the KDF of TS 33.220 B.2. */
export function independentKasme(ck: Uint8Array, ik: Uint8Array, snId: Uint8Array, concealed: Uint8Array): Buffer {
	const text = Buffer.concat([Buffer.from([0x10]), snId, Buffer.from([0, 3]), concealed, Buffer.from([0, 6])]);
	return createHmac("sha256", Buffer.concat([ck, ik]))
		.update(text)
		.digest();
}

export interface OpenedEnvelope {
	readonly pik: Buffer;
	readonly pck: Buffer;
	readonly tag: number;
	readonly version: number;
	readonly open: Buffer;
	readonly secret: Buffer;
}

/** RFC 5869 with SHA-256, one block. */
function hkdf(secret: Buffer, salt: Buffer, info: string): Buffer {
	const prk = createHmac("sha256", salt).update(secret).digest();
	return createHmac("sha256", prk)
		.update(Buffer.concat([Buffer.from(info), Buffer.from([1])]))
		.digest();
}

const POINT = 65;

/** documents.md, suite 3; throws where the tag is wrong. */
function unwrapEcies(wrapped: Buffer, key: KeyObject): Buffer {
	const ecdh = createECDH("prime256v1");
	ecdh.setPrivateKey(Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url"));
	const point = wrapped.subarray(0, POINT);
	const decipher = createDecipheriv(
		"aes-256-gcm",
		hkdf(ecdh.computeSecret(point), point, "TRE suite 3"),
		Buffer.alloc(12),
	);
	decipher.setAAD(Buffer.from([3])).setAuthTag(wrapped.subarray(-16));
	return Buffer.concat([decipher.update(wrapped.subarray(POINT, -16)), decipher.final()]);
}

/** Opens protected data as B.2.3.6 and documents.md describe it; throws where anything is off. */
export function openEnvelope(object: Buffer, key: KeyObject): OpenedEnvelope {
	const [integrity, confidentiality, hash, cipher] =
		object[0] === 1 ? ([20, 16, "sha1", "aes-128-cbc"] as const) : ([32, 32, "sha256", "aes-256-cbc"] as const);
	const head = object[0] === 3 ? 1 + POINT + 64 + 16 : 257;
	const wrapped = object.subarray(1, head);
	const keys =
		object[0] === 3
			? unwrapEcies(wrapped, key)
			: privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, wrapped);
	if (keys.length !== integrity + confidentiality) throw new Error("PIK | PCK has another length");
	const [pik, pck] = [keys.subarray(0, integrity), keys.subarray(integrity)];
	const enc = object.subarray(head, object.length - integrity);
	if (
		!createHmac(hash, pik)
			.update(enc)
			.digest()
			.equals(object.subarray(object.length - integrity))
	)
		throw new Error("MAC");
	const decipher = createDecipheriv(cipher, pck, enc.subarray(0, 16)).setAutoPadding(false);
	const data = Buffer.concat([decipher.update(enc.subarray(16)), decipher.final()]);
	const length = data.readUInt32BE(1);
	const payload = data.subarray(5, 5 + length);
	if (!/^80(00)*$/.test(data.subarray(9 + length).toString("hex"))) throw new Error("padding");
	const publicLength = payload.readUInt16BE(0);
	return {
		pik,
		pck,
		tag: data[0],
		version: data.readUInt32BE(5 + length),
		open: payload.subarray(2, 2 + publicLength),
		secret: payload.subarray(2 + publicLength),
	};
}
