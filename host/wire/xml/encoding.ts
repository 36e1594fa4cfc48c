import { XmlError } from "./error.ts";

/** Characters of a declaration and what stands in front of it: it is ASCII in every encoding that is read here. */
const HEAD = 200;
const declared = /^<\?xml\s[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']/;

const decode = (label: string, octets: Uint8Array): string => {
	try {
		return new TextDecoder(label, { fatal: true, ignoreBOM: false }).decode(octets);
	} catch {
		throw new XmlError("character", 0);
	}
};

const inUtf8 = (octets: Uint8Array): string => decode("utf-8", octets);
/** Octet by octet: what browsers call ISO-8859-1 is another encoding. */
const inLatin1 = (octets: Uint8Array): string => Buffer.from(octets).toString("latin1");

function inAscii(octets: Uint8Array): string {
	const at = octets.findIndex((octet) => octet > 0x7f);
	if (at >= 0) throw new XmlError("character", at);
	return inLatin1(octets);
}

const encodings: Readonly<Record<string, (octets: Uint8Array) => string>> = {
	"utf-8": inUtf8,
	"us-ascii": inAscii,
	"iso-8859-1": inLatin1,
};

/**
 * The characters of an XML document, by its byte order mark or the encoding that it declares (XML 1.0 clause 4.3.3):
 * UTF-8, UTF-16, US-ASCII and ISO-8859-1. Throws XmlError for any other, and for octets that are none of theirs.
 */
export function textOf(octets: Uint8Array): string {
	if (octets[0] === 0xfe && octets[1] === 0xff) return decode("utf-16be", octets);
	if (octets[0] === 0xff && octets[1] === 0xfe) return decode("utf-16le", octets);
	const marked = octets[0] === 0xef && octets[1] === 0xbb && octets[2] === 0xbf;
	const head = Buffer.from(octets.subarray(marked ? 3 : 0, HEAD)).toString("latin1");
	const label = declared.exec(head)?.[1]?.toLowerCase() ?? "utf-8";
	const read = marked && label !== "utf-8" ? undefined : Object.hasOwn(encodings, label) && encodings[label];
	if (!read) throw new XmlError("encoding", head.indexOf("encoding"));
	return read(octets);
}
