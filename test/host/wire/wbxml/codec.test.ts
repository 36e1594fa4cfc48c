import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeWbxml } from "../../../../host/wire/wbxml/encode.ts";
import { WbxmlEncodeError, WbxmlError } from "../../../../host/wire/wbxml/error.ts";
import { languageByRoot, languages } from "../../../../host/wire/wbxml/languages.ts";
import type { Language } from "../../../../host/wire/wbxml/tables/language.ts";
import { prov } from "../../../../host/wire/wbxml/tables/prov.ts";
import { decodeWbxml } from "../../../../host/wire/wbxml/tree.ts";
import { canonicalXml, xml } from "../../../../host/wire/xml/canonical.ts";
import type { XmlElement } from "../../../../host/wire/xml/element.ts";
import { readSignedXml } from "../../../../host/wire/xml/strict.ts";
import { times } from "../../../support/long-form.ts";

const text = fc
	.string({ unit: "grapheme", maxLength: 40 })
	.filter((value) => ![...value].some((letter) => letter < " " || letter === "\u007f" || letter >= "\ufffe"));

/** Elements of a language, each in the namespace of its page; none that begins a document of its own. */
function elements(language: Language): fc.Arbitrary<XmlElement> {
	const names = language.tagPages.flatMap(({ tags, namespace }) =>
		tags.filter(([, name]) => !languageByRoot(name)).map(([, name]) => ({ name, namespace: namespace ?? "" })),
	);
	const attributesOf = fc.record({ name: fc.option(parmName), value: fc.option(text) });
	const named = fc.record({ which: fc.constantFrom(...names), attributes: attributesOf });
	const make = (
		{ which, attributes }: { which: (typeof names)[number]; attributes: Named },
		content: XmlElement[] | string,
	) =>
		xml(which.name, content, {
			...(which.namespace === "" ? {} : { xmlns: which.namespace }),
			...(language === prov && attributes.name !== null ? { name: attributes.name } : {}),
			...(language === prov && attributes.value !== null ? { value: attributes.value } : {}),
		});
	return fc.letrec<{ element: XmlElement }>((tie) => ({
		element: fc.oneof(
			{ maxDepth: 4 },
			fc.tuple(named, text).map(([one, content]) => make(one, content)),
			fc
				.tuple(named, fc.array(tie("element"), { minLength: 1, maxLength: 4 }))
				.map(([one, children]) => make(one, children)),
		),
	})).element;
}

interface Named {
	readonly name: string | null;
	readonly value: string | null;
}

const known = prov.attributePages.flatMap(({ starts }) => starts.flatMap(([, , value]) => (value ? [value] : [])));
const parmName = fc.oneof(text, fc.constantFrom(...known));

/** A child declares its namespace only where its parent has another one, as the decoder writes it. */
function normal(element: XmlElement, inherited = ""): XmlElement {
	const own = element.attributes.find(([name]) => name === "xmlns")?.[1] ?? inherited;
	const rest = element.attributes.filter(([name]) => name !== "xmlns");
	const declared: XmlElement["attributes"] = own === inherited ? rest : [["xmlns", own], ...rest];
	return { ...element, attributes: declared, children: element.children.map((child) => normal(child, own)) };
}

describe.each(languages.map((language) => [language.name, language] as const))("%s", (_name, language) => {
	const page = language.tagPages.find(({ tags }) => tags.some(([, name]) => name === language.root));
	const root = fc
		.array(elements(language), { maxLength: 5 })
		.map((children) => normal(xml(language.root, children, page?.namespace ? { xmlns: page.namespace } : {})));

	test("decode(encode(x)) = x, and encode(decode(b)) = b", () => {
		fc.assert(
			fc.property(root, (document) => {
				const octets = encodeWbxml(document);
				const decoded = decodeWbxml(octets, { maxDepth: 64 });
				expect(decoded.language).toBe(language);
				expect(canonicalXml(decoded.root)).toBe(canonicalXml(document));
				expect(encodeWbxml(decoded.root).equals(octets)).toBe(true);
			}),
			{ numRuns: times(300) },
		);
	});

	test("octets of a document that are changed, cut or added: the document, another one, or a refusal by name", () => {
		fc.assert(
			fc.property(root, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(2), (document, where, octet, kind) => {
				const good = encodeWbxml(document);
				const at = where % good.length;
				const changed = Buffer.from(good);
				changed[at] = octet;
				const input = [changed, good.subarray(0, at), Buffer.concat([good, Buffer.from([octet])])][kind];
				try {
					decodeWbxml(input, { maxDepth: 64 });
				} catch (error) {
					expect(error).toBeInstanceOf(WbxmlError);
					expect((error as WbxmlError).offset).toBeLessThanOrEqual(input.length);
				}
			}),
			{ numRuns: times(500) },
		);
	});
});

test("any octets: a refusal by name, or a document", () => {
	fc.assert(
		fc.property(
			fc.uint8Array({ maxLength: 200 }),
			fc.constantFrom("030b6a00", "03a4016a00", "03a4036a00", ""),
			(octets, head) => {
				try {
					decodeWbxml(Buffer.concat([Buffer.from(head, "hex"), octets]));
				} catch (error) {
					expect(error).toBeInstanceOf(WbxmlError);
				}
			},
		),
		{ numRuns: times(3000) },
	);
});

const refusalOf = (hex: string, limits = {}): string => {
	try {
		decodeWbxml(Buffer.from(hex.replaceAll(" ", ""), "hex"), limits);
		return "none";
	} catch (error) {
		const { refusal, offset } = error as WbxmlError;
		return `${refusal} at ${offset}`;
	}
};

const HEAD = "03 0b 6a 00";

/** What is refused, and the octet at which. */
describe("refusals", () => {
	test.each([
		["nothing", "", "end-of-input at 0"],
		["a version that is none", "04 0b 6a 00 45", "version at 0"],
		["an unknown document type", "03 01 6a 00 45", "public-identifier at 1"],
		["a public identifier behind the string table", "03 00 05 6a 00 45", "string-table at 1"],
		["another character set", "03 0b 11 00 45", "charset at 2"],
		["octets that US-ASCII has not", "03 0b 03 00 c5 46 01 c6 55 01 87 11 06 03 c3 a9 00 01 01 01", "character at 14"],
		["an integer of more than 32 bits", "03 9f ff ff ff 7f 6a 00", "integer at 1"],
		["an integer that is longer than it has to be", "03 80 0b 6a 00 45", "integer at 1"],
		["a string table longer than the document", "03 0b 6a 05 45", "end-of-input at 5"],
		["a string table beyond the limit", "03 0b 6a ff 7f", "string-table at 3"],
		["another root", `${HEAD} 46 01`, "root at 4"],
		["an element that is in no table", `${HEAD} 45 08 01`, "tag at 5"],
		["a code page that is in no table", `${HEAD} 45 00 02 06 01`, "code-page at 5"],
		["an attribute that is in no table", `${HEAD} 45 87 5f 01 01`, "attribute at 6"],
		["the same attribute twice", `${HEAD} 45 87 07 08 01 01`, "duplicate-attribute at 7"],
		["attributes announced and not there", `${HEAD} 45 87 01 01`, "attribute at 7"],
		["an attribute's value that is in no table", `${HEAD} 45 87 06 84 01 01`, "attribute-value at 7"],
		["the AAUTHTYPE of the candidate of 2002", `${HEAD} 45 87 00 01 06 80 01 01`, "extension at 9"],
		["an extension token", `${HEAD} 45 40 00 01`, "extension at 5"],
		["a literal element", `${HEAD} 45 04 00 01`, "literal at 5"],
		["a processing instruction", `${HEAD} 45 43 01 01`, "processing-instruction at 5"],
		["opaque data in a language that has none", `${HEAD} 45 c3 01 41 01`, "opaque at 5"],
		["a string without its end", `${HEAD} 45 03 41`, "end-of-input at 7"],
		["a string that is not UTF-8", `${HEAD} 45 03 ff 00 01`, "character at 6"],
		["a line in an attribute", `${HEAD} 45 87 06 03 0a 00 01 01`, "character at 8"],
		["a control character", `${HEAD} 45 03 1f 00 01`, "character at 6"],
		["an entity that is no character", `${HEAD} 45 02 83 b0 00 01`, "character at 5"],
		["a reference behind the string table", `${HEAD} 45 83 01 01`, "string-table at 5"],
		["text beside elements", `${HEAD} 45 07 03 41 00 01`, "mixed-content at 6"],
		["an element that is not closed", `${HEAD} 45 46 01`, "end-of-input at 7"],
		["octets behind the document", `${HEAD} 45 01 00`, "trailing-octets at 6"],
	])("%s", (_what, hex, expected) => {
		expect(refusalOf(hex)).toBe(expected);
	});

	test("too deep, too long", () => {
		expect(refusalOf(`${HEAD} 45 46 46 46 01 01 01 01`, { maxDepth: 3 })).toBe("too-deep at 7");
		expect(refusalOf(`${HEAD} 45 01`, { maxLength: 5 })).toBe("too-long at 5");
		expect(refusalOf(`${HEAD} 45 03 41 42 43 00 01`, { maxString: 2 })).toBe("too-long at 6");
		expect(refusalOf("03 a4 01 6a 00 6d 4f c3 05 41 42 43 44 45 01 01", { maxString: 4 })).toBe("too-long at 7");
	});

	test("references that stand for more text than a document may have", () => {
		const table = `${"41".repeat(40)}00`;
		expect(refusalOf(`03 0b 6a 29 ${table} 45 ${"83 00".repeat(3)} 01`, { maxText: 120 })).toBe("none");
		expect(refusalOf(`03 0b 6a 29 ${table} 45 ${"83 00".repeat(3)} 01`, { maxText: 119 })).toBe("too-long at 50");
	});

	test("a document in a document in a document … has the depth that is left", () => {
		const integer = (value: number): number[] => (value < 128 ? [value] : [0x80 | (value >> 7), value & 0x7f]);
		let document = Buffer.from("03a4016a006d01", "hex");
		const nested = (times: number): string => {
			for (let n = 0; n < times; n++) {
				const head = Buffer.from("03a4016a006d4fc3", "hex");
				document = Buffer.concat([head, Buffer.from(integer(document.length)), document, Buffer.from([1, 1])]);
			}
			return document.toString("hex");
		};
		expect(refusalOf(nested(7))).toBe("none");
		expect(refusalOf(nested(1))).toBe("opaque at 7");
		expect(refusalOf(nested(900))).toBe("opaque at 7");
	});

	test("what has no binary form is not written", () => {
		for (const document of [
			"<other></other>",
			"<wap-provisioningdoc><other></other></wap-provisioningdoc>",
			'<wap-provisioningdoc other="1"></wap-provisioningdoc>',
			'<SyncML xmlns="syncml:metinf"></SyncML>',
		])
			expect(() => encodeWbxml(readSignedXml(document))).toThrow(WbxmlEncodeError);
		expect(() => encodeWbxml(xml("wap-provisioningdoc", "a\u0001b"))).toThrow(WbxmlEncodeError);
	});
});
