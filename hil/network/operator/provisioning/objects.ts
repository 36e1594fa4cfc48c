import { randomBytes, X509Certificate } from "node:crypto";
import { tags, updateOf } from "../../../../firmware/contract/documents.ts";
import { packedVersion } from "../../../../firmware/contract/image.ts";
import { opcOf } from "../hss/milenage.ts";
import { protect } from "./envelope.ts";

/** Credentials of a subscription in the form the HLR/AuC keeps them, and protected for one TRE. */
export interface PreparedMcim {
	readonly mcimId: Buffer;
	readonly k: Buffer;
	readonly opc: Buffer;
	readonly object: Buffer;
}

interface McimTarget {
	readonly treId: string;
	/** CertTRE for encryption, DER. */
	readonly certificate: Uint8Array;
	/** SHA-256 of the issuer's CertSHO. */
	readonly issuer: Buffer;
	readonly imsi: string;
	readonly fallback: { readonly seconds: number; readonly boots: number };
	/** OP of the operator, hex; without it the subscription gets an OPc of its own. */
	readonly op?: string | undefined;
}

const FIRST_VERSION = 1;
const INITIAL_SEQ = 0;
const PASSWORD_OCTETS = 18;
const NONCE_OCTETS = 16;

/** A new MCIM: new K, new OPc, new mcimId (documents.md, tag 3). */
export function prepareMcim(target: McimTarget): PreparedMcim {
	const { fallback, op } = target;
	const [mcimId, k] = [randomBytes(16), randomBytes(16)];
	const opc = op === undefined ? randomBytes(16) : opcOf(k, Buffer.from(op, "hex"));
	const object = protect(
		{
			tag: tags.mcim,
			version: FIRST_VERSION,
			publicPart: [
				target.treId,
				target.issuer,
				mcimId,
				target.imsi,
				"milenage",
				[],
				[1, fallback.seconds, fallback.boots],
				INITIAL_SEQ,
				k.length,
				opc.length,
			],
			secret: Buffer.concat([k, opc]),
		},
		new X509Certificate(target.certificate).publicKey,
	);
	return { mcimId, k, opc, object };
}

/** A DM account with its nonceA, protected for one TRE (documents.md, tag 4). */
export interface PreparedAccount {
	readonly user: string;
	readonly clientPassword: string;
	readonly serverPassword: string;
	readonly clientNonce: Buffer;
	readonly serverNonce: Buffer;
	readonly nonceA: Buffer;
	readonly object: Buffer;
}

export function prepareAccount(
	treId: string,
	certificate: Uint8Array,
	root: Buffer,
	serverId: string,
): PreparedAccount {
	const password = () => randomBytes(PASSWORD_OCTETS).toString("base64url");
	const account = {
		user: treId,
		clientPassword: password(),
		serverPassword: password(),
		clientNonce: randomBytes(NONCE_OCTETS),
		serverNonce: randomBytes(NONCE_OCTETS),
		nonceA: randomBytes(NONCE_OCTETS),
	};
	const [client, server] = [Buffer.from(account.clientPassword), Buffer.from(account.serverPassword)];
	const object = protect(
		{
			tag: tags.account,
			version: FIRST_VERSION,
			publicPart: [
				treId,
				root,
				serverId,
				account.user,
				account.clientNonce,
				account.serverNonce,
				account.nonceA,
				client.length,
				server.length,
			],
			secret: Buffer.concat([client, server]),
		},
		new X509Certificate(certificate).publicKey,
	);
	return { ...account, object };
}

/** A firmware that an operator offers to a device (documents.md, tag 2). */
export interface OfferedFirmware {
	/** major.minor.patch */
	readonly version: string;
	/** SHA-256 over the used headers of all slots, in order. */
	readonly digest: Uint8Array;
	/** A firmware where nothing is said. */
	readonly what?: keyof typeof updateOf;
}

/** The offer, protected for one TRE; there is no secret in it. */
export const prepareOffer = (
	treId: string,
	certificate: Uint8Array,
	root: Buffer,
	{ version, digest, what = "firmware" }: OfferedFirmware,
): Buffer =>
	protect(
		{
			tag: tags.update,
			version: packedVersion(version),
			publicPart: [treId, root, updateOf[what], digest],
			secret: new Uint8Array(0),
		},
		new X509Certificate(certificate).publicKey,
	);
