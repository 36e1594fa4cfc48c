import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { canonicalXml } from "../../../host/wire/xml/canonical.ts";
import { XmlError } from "../../../host/wire/xml/error.ts";
import { readXml } from "../../../host/wire/xml/tolerant.ts";

const refusalOf = (document: string | Uint8Array): string => {
	try {
		readXml(document);
	} catch (error) {
		if (error instanceof XmlError) return error.refusal;
		throw error;
	}
	return "none";
};

describe("XML that nobody signed, as others spell it", () => {
	const plain = '<a xmlns="urn:x"><b c="1&amp;2">x</b><d></d></a>';

	test.each([
		["the canonical form", plain],
		["a declaration and a new line", `<?xml version="1.0" encoding="UTF-8"?>\n${plain}\n`],
		["a byte order mark", `\uFEFF${plain}`],
		["white space around elements", '<a xmlns="urn:x">\r\n\t<b c="1&amp;2">x</b>\n  <d></d>\n</a>'],
		["white space in tags", '<a\n xmlns = "urn:x" ><b  c="1&amp;2"\t>x</b ><d /></a >'],
		["apostrophes", "<a xmlns='urn:x'><b c='1&amp;2'>x</b><d/></a>"],
		[
			"comments and processing instructions",
			`<!-- a --><?b c?>${plain.replace("<d>", "<!-- d --><d><!-- -->")}<!-- e -->`,
		],
		["CDATA", plain.replace(">x<", "><![CDATA[x]]><")],
		["references", plain.replace(">x<", ">&#x78;<").replace("&amp;", "&#38;")],
		["a DOCTYPE", `<!DOCTYPE a PUBLIC "-//X//DTD" "x.dtd">${plain}`],
		["a DOCTYPE with an internal subset", `<!DOCTYPE a [ <!ELEMENT a (b)> <!ENTITY e "]>"> ]>${plain}`],
		["a prefix", '<p:a xmlns:p="urn:x"><p:b c="1&amp;2">x</p:b><p:d/></p:a>'],
		["a namespace that is declared again", plain.replace("<d>", '<d xmlns="urn:x">')],
	])("%s", (_what, document) => {
		expect(canonicalXml(readXml(document))).toBe(plain);
		expect(canonicalXml(readXml(Buffer.from(document)))).toBe(plain);
		// A parser that we did not write takes it, too.
		execFileSync("xmllint", ["--noout", "--nonet", "-"], { input: document, stdio: ["pipe", "pipe", "pipe"] });
	});

	test("lines in a text are text", () => {
		expect(canonicalXml(readXml("<a>x\r\n\ty&#13;</a>"))).toBe("<a>x\n\ty&#xD;</a>");
	});

	test("an encoding is honoured, or refused by name: never is a letter turned into another", () => {
		const document = (encoding: string) => `<?xml version="1.0" encoding="${encoding}"?><a>é</a>`;
		for (const encoding of ["ISO-8859-1", "iso-8859-1"])
			expect(canonicalXml(readXml(Buffer.from(document(encoding), "latin1")))).toBe("<a>é</a>");
		expect(canonicalXml(readXml(Buffer.from(document("UTF-8"))))).toBe("<a>é</a>");
		expect(canonicalXml(readXml(Buffer.from("\uFEFF<a>é</a>", "utf16le")))).toBe("<a>é</a>");
		expect(canonicalXml(readXml(Buffer.from("\uFEFF<a>é</a>", "utf16le").swap16()))).toBe("<a>é</a>");
		expect(refusalOf(Buffer.from(document("UTF-8"), "latin1"))).toBe("character");
		expect(refusalOf(Buffer.from(document("US-ASCII")))).toBe("character");
		expect(refusalOf(Buffer.from(document("windows-1252"), "latin1"))).toBe("encoding");
		expect(refusalOf(Buffer.from(`\uFEFF${document("ISO-8859-1")}`))).toBe("encoding");
	});

	test.each([
		["an entity of its own", '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', "entity"],
		["an entity from outside", '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', "entity"],
		["a text beside elements", "<a>x<b></b></a>", "mixed-content"],
		["two roots", "<a></a><b></b>", "not-well-formed"],
		["a tag that is not closed", "<a><b></a>", "not-well-formed"],
		["an attribute twice", '<a b="1" b="2"></a>', "not-well-formed"],
		["a prefix of no namespace", "<p:a></p:a>", "not-well-formed"],
		["nothing", "", "not-well-formed"],
		["depth", `${"<a>".repeat(40)}${"</a>".repeat(40)}`, "too-deep"],
		["length", `<a>${"b".repeat(70_000)}</a>`, "too-long"],
	])("refused: %s", (_what, document, refusal) => expect(refusalOf(document)).toBe(refusal));
});
