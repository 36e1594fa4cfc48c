import { createHash, type KeyObject, sign, verify } from "node:crypto";
import { canonicalXml } from "../xml/canonical.ts";
import { attribute, child, childText, type XmlElement } from "../xml/element.ts";
import { XmlError } from "../xml/error.ts";
import { readSignedXml } from "../xml/strict.ts";

/** Detached, for a bootstrap; enveloped, for the management objects (DESIGN section 6). */
export type SignatureForm = "detached" | "enveloped";
export type SignatureAlgorithm = "rsa-sha256" | "ecdsa-sha256";

/** A signature taken apart; `algorithmNumber` is the contract's. */
export interface XmlSignature {
	readonly algorithm: SignatureAlgorithm;
	readonly digest: Buffer;
	readonly value: Buffer;
}

export class SignatureError extends Error {}

const DSIG = "http://www.w3.org/2000/09/xmldsig#";
const EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#";
const MORE = "http://www.w3.org/2001/04/xmldsig-more#";

export const algorithmNumber: Record<SignatureAlgorithm, number> = { "rsa-sha256": 1, "ecdsa-sha256": 2 };

const references: Record<SignatureForm, string> = {
	detached: '<ds:Reference URI="cid:bootstrap">',
	enveloped: `<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="${DSIG}enveloped-signature"></ds:Transform><ds:Transform Algorithm="${EXC_C14N}"></ds:Transform></ds:Transforms>`,
};

/** The one SignedInfo of the profile; `declared` where it carries the namespace, as when it is signed. */
function signedInfo(form: SignatureForm, algorithm: SignatureAlgorithm, digest: Uint8Array, declared: boolean): string {
	return `<ds:SignedInfo${declared ? ` xmlns:ds="${DSIG}"` : ""}><ds:CanonicalizationMethod Algorithm="${EXC_C14N}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="${MORE}${algorithm}"></ds:SignatureMethod>${references[form]}<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>${Buffer.from(digest).toString("base64")}</ds:DigestValue></ds:Reference></ds:SignedInfo>`;
}

function signatureElement(form: SignatureForm, signature: XmlSignature): string {
	const info = signedInfo(form, signature.algorithm, signature.digest, false);
	return `<ds:Signature xmlns:ds="${DSIG}">${info}<ds:SignatureValue>${signature.value.toString("base64")}</ds:SignatureValue></ds:Signature>`;
}

const sha256 = (octets: string | Uint8Array): Buffer => createHash("sha256").update(octets).digest();

function keyOptions(key: KeyObject) {
	return key.asymmetricKeyType === "ec" ? { key, dsaEncoding: "ieee-p1363" as const } : { key };
}

/** A signature over octets, whatever they are. */
export function signOctets(form: SignatureForm, octets: string | Uint8Array, key: KeyObject): XmlSignature {
	const algorithm: SignatureAlgorithm = key.asymmetricKeyType === "ec" ? "ecdsa-sha256" : "rsa-sha256";
	const digest = sha256(octets);
	const value = sign("sha256", Buffer.from(signedInfo(form, algorithm, digest, true)), keyOptions(key));
	return { algorithm, digest, value };
}

const make = (form: SignatureForm, octets: string | Uint8Array, key: KeyObject): string =>
	signatureElement(form, signOctets(form, octets, key));

/** The ds:Signature over a document that it is not part of. */
export const signDetached = (octets: string | Uint8Array, key: KeyObject): string => make("detached", octets, key);

/** Puts the ds:Signature into a canonical document as the last child of its root. */
export function signEnveloped(document: string, key: KeyObject): string {
	const end = document.lastIndexOf("</");
	return `${document.slice(0, end)}${make("enveloped", document, key)}${document.slice(end)}`;
}

function element(parent: XmlElement, name: string): XmlElement {
	const found = child(parent, name);
	if (!found) throw new SignatureError(`the signature has no ${name}`);
	return found;
}

/** Takes a ds:Signature apart; any octet that the profile would have written otherwise is refused. */
export function parseSignature(form: SignatureForm, text: string): XmlSignature {
	let root: XmlElement;
	try {
		root = readSignedXml(text);
	} catch (error) {
		if (error instanceof XmlError) throw new SignatureError(error.message);
		throw error;
	}
	const info = element(root, "ds:SignedInfo");
	const uri = attribute(element(info, "ds:SignatureMethod"), "Algorithm") ?? "";
	const algorithm = uri.slice(MORE.length) as SignatureAlgorithm;
	if (!uri.startsWith(MORE) || !Object.hasOwn(algorithmNumber, algorithm))
		throw new SignatureError(`signature algorithm ${uri}`);
	const signature = {
		algorithm,
		digest: Buffer.from(childText(element(info, "ds:Reference"), "ds:DigestValue") ?? "", "base64"),
		value: Buffer.from(childText(root, "ds:SignatureValue") ?? "", "base64"),
	};
	if (signatureElement(form, signature) !== text) throw new SignatureError("the ds:Signature is not of the profile");
	return signature;
}

/** Separates an enveloped signature from the octets it covers. */
export function splitEnveloped(text: string): { document: string; signature: XmlSignature } {
	const start = text.lastIndexOf("<ds:Signature ");
	const end = text.lastIndexOf("</ds:Signature>");
	if (start < 0 || end < start) throw new SignatureError("the document carries no ds:Signature");
	const after = end + "</ds:Signature>".length;
	if (!/^<\/[^<>]+>$/.test(text.slice(after))) throw new SignatureError("the ds:Signature is not the last of its root");
	return {
		document: text.slice(0, start) + text.slice(after),
		signature: parseSignature("enveloped", text.slice(start, after)),
	};
}

/** Is the signature over these octets, by this key? */
export function verifySignature(
	form: SignatureForm,
	octets: string | Uint8Array,
	signature: XmlSignature,
	key: KeyObject,
): boolean {
	if (!signature.digest.equals(sha256(octets))) return false;
	if ((key.asymmetricKeyType === "ec") !== (signature.algorithm === "ecdsa-sha256")) return false;
	const info = signedInfo(form, signature.algorithm, signature.digest, true);
	return verify("sha256", Buffer.from(info), keyOptions(key), signature.value);
}

/**
 * The signed octets of an enveloped document, once its signature is verified. What is signed is octets: a document
 * that is spelt otherwise than its canonical form is refused for that, and not for a digest that can't be right.
 */
export function openEnveloped(text: string, key: KeyObject): string {
	const { document, signature } = splitEnveloped(text);
	if (canonicalXml(readSignedXml(document)) !== document) throw new SignatureError("the document is not canonical");
	if (!verifySignature("enveloped", document, signature, key))
		throw new SignatureError("the signature does not verify");
	return document;
}
