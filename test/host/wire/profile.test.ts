import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SignatureError, splitEnveloped } from "../../../host/wire/dsig/signature.ts";
import { ManagementObjectError, readM2mm } from "../../../host/wire/management/objects.ts";
import { canonicalXml, xml } from "../../../host/wire/xml/canonical.ts";
import type { XmlElement } from "../../../host/wire/xml/element.ts";
import { XmlError } from "../../../host/wire/xml/error.ts";
import { readSignedXml } from "../../../host/wire/xml/strict.ts";
import { xmlsecSign, xmlsecVerifies } from "../../support/xmlsec.ts";

const example = (name: string): string => resolve("test/vectors/examples", name);
const key = example("tre-sign.key");
const certificate = example("tre-sign.pem");
const { publicKey } = new X509Certificate(readFileSync(certificate));
const signed = readFileSync(example("m2mm.xml"), "utf8");
const { document } = splitEnveloped(signed);

/** The signature of the profile, with nothing in it. */
const signature = signed
	.slice(document.lastIndexOf("</"), -"</M2MM>".length)
	.replace(/(<ds:(DigestValue|SignatureValue)>)[^<]*/g, "$1");
const withSignature = (text: string): string =>
	`${text.slice(0, text.lastIndexOf("</"))}${signature}${text.slice(text.lastIndexOf("</"))}`;

const isSignaturePart = /<ds:Signature[\s\S]*<\/ds:Signature>/;

/** What xmlsec1 writes, spelt as the profile does: the octets differ, what is signed does not. */
const spelt = (text: string): string =>
	text
		.replace(/^<\?xml[^>]*\?>\s*/, "")
		.trimEnd()
		.replace(/<([\w.:-]+)([^<>]*)\/>/g, "<$1$2></$1>")
		.replace(
			/(<ds:(DigestValue|SignatureValue)>)([^<]*)/g,
			(_all, tag, _name, value) => tag + value.replace(/\s/g, ""),
		);

/** What the reader of an M2MMobj says. */
function verdict(text: string): string {
	try {
		readM2mm(text, publicKey);
		return "accepted";
	} catch (error) {
		if (error instanceof SignatureError || error instanceof XmlError || error instanceof ManagementObjectError)
			return error.message;
		throw error;
	}
}

const digestOf = (text: string): string => /<ds:DigestValue>([^<]*)/.exec(text)?.[1] ?? "";

const letters = fc.string({ unit: fc.constantFrom(..."abc <>&\"'é漢\u{1f600}".split(/(?:)/u)), maxLength: 12 });
const tag = fc.constantFrom("a", "b", "c-d", "e.f", "g_h");
const elements: fc.Arbitrary<XmlElement> = fc.letrec<{ node: XmlElement }>((tie) => ({
	node: fc.oneof(
		{ maxDepth: 3 },
		fc
			.tuple(tag, letters, fc.dictionary(tag, letters, { maxKeys: 4, noNullPrototype: true }))
			.map(([name, text, attributes]) => xml(name, text, attributes)),
		fc.tuple(tag, fc.array(tie("node"), { minLength: 1, maxLength: 3 })).map(([name, children]) => xml(name, children)),
	),
})).node;

describe("exclusive C14N beside xmlsec1", () => {
	test("what xmlsec1 digests of a document is our canonical form of it", () => {
		fc.assert(
			fc.property(fc.array(elements, { minLength: 6, maxLength: 12 }), (children) => {
				const text = canonicalXml(xml("root", children, { xmlns: "urn:x-m2m:tre:1", z: "1", a: "2" }));
				// Spelt otherwise: empty elements, the order of attributes, quotes.
				const loose = text
					.replace(/<([\w.-]+)([^<>]*)><\/\1>/g, "<$1$2/>")
					.replace(/ a="2"( xmlns="[^"]*") z="1"/, "$1 z='1' a='2'");
				expect(canonicalXml(readSignedXml(loose))).toBe(text);
				expect(digestOf(xmlsecSign(withSignature(loose), key))).toBe(
					createHash("sha256").update(text).digest("base64"),
				);
			}),
			{ numRuns: 25 },
		);
	});

	test("what xmlsec1 signs is accepted here, and what is signed here by xmlsec1", () => {
		const theirs = spelt(xmlsecSign(withSignature(document), key));
		expect(verdict(theirs)).toBe("accepted");
		// PKCS #1 v1.5 has no randomness: the same octets.
		expect(theirs).toBe(signed);
		expect(xmlsecVerifies(signed, certificate)).toBe(true);
	});
});

interface Deviation {
	/** Before xmlsec1 signs. */
	readonly before?: (template: string) => string;
	/** Afterwards; what is signed stays the same where xmlsec1 accepts it. */
	readonly after?: (text: string) => string;
	readonly xmlsec1: boolean;
	readonly here: RegExp;
}

const replaced =
	(from: string | RegExp, to: string) =>
	(text: string): string => {
		const changed = text.replace(from, to);
		if (changed === text) throw new Error(`nothing to replace: ${from}`);
		return changed;
	};
const EXC = "http://www.w3.org/2001/10/xml-exc-c14n#";
const transform = (algorithm: string, content = ""): string =>
	`<ds:Transform Algorithm="${algorithm}">${content}</ds:Transform>`;
const xpath = (expression: string): string =>
	transform("http://www.w3.org/TR/1999/REC-xpath-19991116", `<ds:XPath>${expression}</ds:XPath>`);
const reference = /<ds:Reference URI="">.*?<\/ds:Reference>/;

const notOfProfile = /not of the profile/;
const notVerified = /does not verify/;

/** Each differs from a good one in one thing only. */
const deviations: Record<string, Deviation> = {
	nothing: { xmlsec1: true, here: /^accepted$/ },
	// The document.
	"a comment": { before: replaced("<TREId>", "<!-- c --><TREId>"), xmlsec1: true, here: /comment/ },
	"a processing instruction": {
		before: replaced("<TREId>", "<?p i?><TREId>"),
		xmlsec1: true,
		here: /processing-instruction/,
	},
	CDATA: {
		before: replaced("<Type>wasm</Type>", "<Type><![CDATA[wasm]]></Type>"),
		xmlsec1: true,
		here: /mixed-content|cdata/,
	},
	"a document type": { after: (text) => `<!DOCTYPE M2MM>${text}`, xmlsec1: true, here: /doctype/ },
	"an XML declaration": {
		after: (text) => `<?xml version="1.0"?>\n${text}`,
		xmlsec1: true,
		here: /processing-instruction/,
	},
	"white space between elements": { before: replaced("<TREId>", "\n<TREId>"), xmlsec1: true, here: /mixed-content/ },
	"white space in a tag": {
		after: replaced("<TREId>", "<TREId >"),
		xmlsec1: true,
		here: /not-well-formed|not canonical/,
	},
	"single quotes": {
		after: replaced('xmlns="urn:x-m2m:tre:1"', "xmlns='urn:x-m2m:tre:1'"),
		xmlsec1: true,
		here: /not canonical/,
	},
	"an empty element in short": {
		after: replaced("<Modules></Modules>", "<Modules/>"),
		xmlsec1: true,
		here: /not canonical/,
	},
	"a reference to a letter": { after: replaced(">wasm<", ">&#119;asm<"), xmlsec1: true, here: /entity/ },
	"another namespace": { before: replaced("urn:x-m2m:tre:1", "urn:x-m2m:tre:2"), xmlsec1: true, here: /not a M2MM/ },
	"an element more": { before: replaced("<NonceA>", "<More></More><NonceA>"), xmlsec1: true, here: /not a M2MM/ },
	"another content": { after: replaced(">wasm<", ">wasn<"), xmlsec1: false, here: notVerified },
	// The signature.
	"a key of its own": {
		before: replaced("</ds:SignatureValue>", "</ds:SignatureValue><ds:KeyInfo><ds:KeyName>k</ds:KeyName></ds:KeyInfo>"),
		xmlsec1: true,
		here: notOfProfile,
	},
	"two references": {
		before: (text) => text.replace(reference, (one) => one + one),
		xmlsec1: true,
		here: /has no ds:Reference/,
	},
	"a reference to a part": {
		before: (text) => replaced('URI=""', 'URI="#xpointer(/)"')(text),
		xmlsec1: true,
		here: notOfProfile,
	},
	"inclusive C14N of SignedInfo": {
		before: replaced(
			`<ds:CanonicalizationMethod Algorithm="${EXC}"`,
			'<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"',
		),
		xmlsec1: true,
		here: notOfProfile,
	},
	"C14N with comments": {
		before: replaced(`<ds:Transform Algorithm="${EXC}"`, `<ds:Transform Algorithm="${EXC}WithComments"`),
		xmlsec1: true,
		here: notOfProfile,
	},
	"an XPath that looks at nothing but the nonces": {
		before: replaced(transform(EXC), `${xpath("ancestor-or-self::*[starts-with(name(), 'Nonce')]")}${transform(EXC)}`),
		xmlsec1: true,
		here: notOfProfile,
	},
	"no enveloped-signature transform": {
		before: replaced(transform("http://www.w3.org/2000/09/xmldsig#enveloped-signature"), ""),
		xmlsec1: false,
		here: notOfProfile,
	},
	"a digest by SHA-1": {
		before: replaced("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"),
		xmlsec1: true,
		here: notOfProfile,
	},
	"a signature over SHA-1": {
		before: replaced("2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#rsa-sha1"),
		xmlsec1: true,
		here: /signature algorithm/,
	},
	"a signature over SHA-512": {
		before: replaced("rsa-sha256", "rsa-sha512"),
		xmlsec1: true,
		here: /signature algorithm/,
	},
	"another prefix": {
		before: (text) => text.replaceAll("ds:", "sig:").replaceAll(":ds=", ":sig="),
		xmlsec1: true,
		here: /carries no ds:Signature/,
	},
	"the signature in front": {
		before: (text) => {
			const part = isSignaturePart.exec(text)?.[0] ?? "";
			return text.replace(part, "").replace("<TREInfo>", `${part}<TREInfo>`);
		},
		xmlsec1: true,
		here: /not the last of its root/,
	},
	"lines in the value": {
		after: (text) => text.replace(/(<ds:SignatureValue>.{64})/, "$1\n"),
		xmlsec1: true,
		here: /character/,
	},
	"another value": {
		after: (text) => text.replace(/(<ds:SignatureValue>)(.)/, (_all, tag, first) => tag + (first === "A" ? "B" : "A")),
		xmlsec1: false,
		here: notVerified,
	},
	"another digest": {
		after: (text) => text.replace(/(<ds:DigestValue>)(.)/, (_all, tag, first) => tag + (first === "A" ? "B" : "A")),
		xmlsec1: false,
		here: notVerified,
	},
	"no signature": {
		after: (text) => text.replace(isSignaturePart, ""),
		xmlsec1: false,
		here: /carries no ds:Signature/,
	},
};

describe("the profile: what xmlsec1 accepts or rejects, and what is said of it here", () => {
	test.each(Object.entries(deviations))("%s", (_what, { before, after, xmlsec1, here }) => {
		const template = (before ?? ((text) => text))(withSignature(document));
		const text = (after ?? ((text) => text))(spelt(xmlsecSign(template, key)));
		expect(xmlsecVerifies(text, certificate)).toBe(xmlsec1);
		expect(verdict(text)).toMatch(here);
	});
});
