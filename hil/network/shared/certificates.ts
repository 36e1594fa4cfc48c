import "reflect-metadata";
import {
	createHash,
	createPrivateKey,
	createPublicKey,
	generateKeyPairSync,
	type KeyObject,
	randomBytes,
	webcrypto,
	X509Certificate,
} from "node:crypto";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";
import { TRE_KEY_USAGE } from "../../../firmware/contract/documents.ts";

x509.cryptoProvider.set(webcrypto as never);

/** No TRE takes this root, so nothing is issued under it. */
export class RootUnsupported extends Error {
	constructor(fault: string) {
		super(`no TRE takes this root: ${fault} (docs/documents.md, "CertSHO and CertPVA")`);
	}
}

export type KeyType = "rsa" | "ec";

/** A private key and the certificate that goes with it, DER. */
export interface Identity {
	readonly key: KeyObject;
	readonly certificate: Buffer;
}

const DAY_MS = 86_400_000;
const CA_DAYS = 3650;
const LEAF_DAYS = 825;

const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const ec = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

const makeKey = (type: KeyType): KeyObject =>
	type === "rsa"
		? generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
		: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

const algorithmOf = (key: KeyObject) => (key.asymmetricKeyType === "ec" ? ec : rsa);

const importPrivate = (key: KeyObject): Promise<CryptoKey> =>
	webcrypto.subtle.importKey("pkcs8", key.export({ type: "pkcs8", format: "der" }), algorithmOf(key), true, [
		"sign",
	]) as Promise<CryptoKey>;

const validity = (days: number) => ({
	notBefore: new Date(Date.now() - DAY_MS),
	notAfter: new Date(Date.now() + days * DAY_MS),
});

const serialNumber = (): string => `00${randomBytes(15).toString("hex")}`;

const publicKeyOf = (key: KeyObject): x509.PublicKey =>
	new x509.PublicKey(createPublicKey(key).export({ type: "spki", format: "der" }));

/** A self-signed CA, as every CertSHO and CertPVA is. */
export async function makeRoot(cn: string, type: KeyType): Promise<Identity> {
	const key = makeKey(type);
	const publicKey = publicKeyOf(key);
	const certificate = await x509.X509CertificateGenerator.create({
		serialNumber: serialNumber(),
		subject: `CN=${cn}`,
		issuer: `CN=${cn}`,
		...validity(CA_DAYS),
		publicKey,
		signingKey: await importPrivate(key),
		signingAlgorithm: algorithmOf(key),
		extensions: [
			new x509.BasicConstraintsExtension(true, undefined, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
			await x509.SubjectKeyIdentifierExtension.create(publicKey),
		],
	});
	return { key, certificate: Buffer.from(certificate.rawData) };
}

async function issue(
	root: Identity,
	cn: string,
	publicKey: x509.PublicKey,
	extensions: x509.Extension[],
	days: number,
): Promise<Buffer> {
	const certificate = await x509.X509CertificateGenerator.create({
		serialNumber: serialNumber(),
		subject: `CN=${cn}`,
		issuer: new x509.X509Certificate(new Uint8Array(root.certificate)).subject,
		...validity(days),
		publicKey,
		signingKey: await importPrivate(root.key),
		signingAlgorithm: algorithmOf(root.key),
		extensions: [
			new x509.BasicConstraintsExtension(false, undefined, true),
			await x509.SubjectKeyIdentifierExtension.create(publicKey),
			await x509.AuthorityKeyIdentifierExtension.create(publicKeyOf(root.key)),
			...extensions,
		],
	});
	return Buffer.from(certificate.rawData);
}

/** A TLS leaf for the host names; both server and client of the operator-to-operator calls use such. */
export async function issueLeaf(
	root: Identity,
	cn: string,
	hosts: readonly string[],
	usage: "server" | "client",
): Promise<Identity> {
	const fault = rootFault(root.certificate);
	if (fault !== undefined) throw new RootUnsupported(fault);
	const key = makeKey("ec");
	const extensions = [
		new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
		new x509.ExtendedKeyUsageExtension([
			usage === "server" ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
		]),
		new x509.SubjectAlternativeNameExtension(
			hosts.map((value) => ({ type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const), value })),
		),
	];
	return { key, certificate: await issue(root, cn, publicKeyOf(key), extensions, LEAF_DAYS) };
}

const sha256 = (octets: ArrayBuffer): Buffer => createHash("sha256").update(new Uint8Array(octets)).digest();

/** SHA-256 of the public key that a PKCS#10 request is for, hex. */
export const requestKeyHash = (request: Uint8Array): string =>
	sha256(new x509.Pkcs10CertificateRequest(new Uint8Array(request)).publicKey.rawData).toString("hex");

/** keyUsage of a CertTRE: an encryption key on P-256 agrees, an RSA key enciphers. */
function usageOf(use: "sign" | "encrypt", { algorithm }: x509.PublicKey): x509.KeyUsageFlags {
	if (use === "sign") return x509.KeyUsageFlags.digitalSignature;
	return algorithm.name.startsWith("RSA") ? x509.KeyUsageFlags.keyEncipherment : x509.KeyUsageFlags.keyAgreement;
}

/** CertTRE from a TRE's certificate signing request, once the request's own signature verifies. */
export async function issueCertTre(
	root: Identity,
	request: Uint8Array,
	treId: string,
	use: "sign" | "encrypt",
): Promise<Buffer> {
	const csr = new x509.Pkcs10CertificateRequest(new Uint8Array(request));
	if (csr.subject !== `CN=${treId}`) throw new Error(`the request is for ${csr.subject}, not for TRE ${treId}`);
	// TRE_id is the first 16 octets of SHA-256 over the signing key's SubjectPublicKeyInfo.
	if (use === "sign" && sha256(csr.publicKey.rawData).toString("hex", 0, 16) !== treId) {
		throw new Error(`TRE_id ${treId} is not that of the signing key`);
	}
	if (!(await csr.verify())) throw new Error("the request's signature does not verify");
	const extensions = [
		new x509.KeyUsagesExtension(usageOf(use, csr.publicKey), true),
		new x509.ExtendedKeyUsageExtension([TRE_KEY_USAGE]),
	];
	return issue(root, treId, csr.publicKey, extensions, CA_DAYS);
}

/**
 * Why no TRE takes a root, or nothing where it does: the one rule for CertSHO and CertPVA, at registration, at `register`
 * and at `lock` (docs/documents.md, "CertSHO and CertPVA"; the TRE's own is in tre_certificates.c).
 */
export function rootFault(der: Uint8Array): string | undefined {
	let certificate: X509Certificate;
	try {
		certificate = new X509Certificate(der);
	} catch {
		return "it is no certificate";
	}
	const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = certificate.publicKey;
	if (type === "rsa") {
		const { modulusLength = 0, publicExponent = 0n } = details;
		if (modulusLength < 2048 || modulusLength > 4096) return `its RSA key has ${modulusLength} bits, not 2048 to 4096`;
		if (publicExponent >= 2n ** 32n) return "its RSA exponent has more than 32 bits";
	} else if (type !== "ec" || details.namedCurve !== "prime256v1") {
		return `its key is of a kind that no TRE verifies with (${[type, details.namedCurve].filter(Boolean).join(" ")})`;
	}
	if (!isSignedForTre(certificate.raw)) return "it is not signed with PKCS #1 v1.5 or ECDSA and SHA-256";
	if (!certificate.ca || !certificate.checkIssued(certificate) || !certificate.verify(certificate.publicKey))
		return "it is no self-signed CA certificate";
	return undefined;
}

/** Is the signature of a certificate of a kind that a TRE verifies: PKCS #1 v1.5 or ECDSA, with SHA-256? */
function isSignedForTre(der: Uint8Array): boolean {
	try {
		const { name, hash } = new x509.X509Certificate(new Uint8Array(der)).signatureAlgorithm;
		return [rsa.name, ec.name].includes(name) && hash.name === "SHA-256";
	} catch {
		return false;
	}
}

/** Within its dates, and signed by that CA. Operators check dates; the TRE has no clock. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate, now = Date.now()): boolean {
	const current = (one: X509Certificate) => Date.parse(one.validFrom) <= now && now <= Date.parse(one.validTo);
	return (
		issuer.ca &&
		current(certificate) &&
		current(issuer) &&
		certificate.checkIssued(issuer) &&
		certificate.verify(issuer.publicKey)
	);
}

/** What CertTRE has to be for an operator (documents.md, "Names and numbers"). */
export function certTreFault(
	certificate: X509Certificate,
	use: "sign" | "encrypt",
	treId: string,
	pva: X509Certificate,
): string | undefined {
	if (!isIssuedBy(certificate, pva)) return "it is not issued by CertPVA";
	let parsed: x509.X509Certificate;
	try {
		parsed = new x509.X509Certificate(certificate.raw);
		return certTreExtensionsFault(certificate, parsed, use, treId);
	} catch {
		return "its extensions cannot be read";
	}
}

function certTreExtensionsFault(
	certificate: X509Certificate,
	parsed: x509.X509Certificate,
	use: "sign" | "encrypt",
	treId: string,
): string | undefined {
	const flags = parsed.getExtension(x509.KeyUsagesExtension)?.usages ?? 0;
	const usages = parsed.getExtension(x509.ExtendedKeyUsageExtension)?.usages ?? [];
	if (certificate.subject !== `CN=${treId}`) return `it names ${certificate.subject}`;
	if (certificate.ca || flags !== usageOf(use, parsed.publicKey)) return "its key usage is another";
	if (usages.length !== 1 || usages[0] !== TRE_KEY_USAGE) return "it is no CertTRE (extended key usage)";
	if (certificate.subjectAltName !== undefined) return "it carries a host name";
	return undefined;
}

/** Does a peer's leaf allow this TLS role? */
export function allowsTls(certificate: X509Certificate, usage: "server" | "client"): boolean {
	const usages = new x509.X509Certificate(certificate.raw).getExtension(x509.ExtendedKeyUsageExtension)?.usages ?? [];
	return usages.includes(usage === "server" ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth);
}

export const toPem = (der: Uint8Array): string => new X509Certificate(der).toString();

export const fromPem = (pem: string): Buffer => Buffer.from(new X509Certificate(pem).raw);

export const keyToPem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }) as string;

export const keyFromPem = (pem: string): KeyObject => createPrivateKey(pem);
