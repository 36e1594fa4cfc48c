import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalXml, xml } from "../../../host/wire/xml/canonical.ts";
import type { XmlElement } from "../../../host/wire/xml/element.ts";
import { XmlError } from "../../../host/wire/xml/error.ts";
import { readSignedXml } from "../../../host/wire/xml/strict.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const text = fc.stringMatching(/^[ -~]{1,20}$/);
const element: fc.Arbitrary<XmlElement> = fc.letrec<{ node: XmlElement }>((tie) => ({
	node: fc.oneof(
		{ maxDepth: 4 },
		fc
			.tuple(name, fc.oneof(text, fc.constant("")), fc.dictionary(name, text, { maxKeys: 3, noNullPrototype: true }))
			.map(([tag, content, attributes]) => xml(tag, content, attributes)),
		fc.tuple(name, fc.array(tie("node"), { minLength: 1, maxLength: 4 })).map(([tag, children]) => xml(tag, children)),
	),
})).node;

describe("XML of the profile", () => {
	test("canonical(parse(canonical(x))) = canonical(x)", () => {
		fc.assert(
			fc.property(element, (root) => {
				const octets = canonicalXml(root);
				expect(canonicalXml(readSignedXml(octets))).toBe(octets);
			}),
		);
	});

	test.each([
		['<!DOCTYPE a [<!ENTITY b "c">]><a></a>', "doctype"],
		["<a><!-- --></a>", "comment"],
		["<a><?b c?></a>", "processing-instruction"],
		["<?b c?><a></a>", "processing-instruction"],
		["<a><![CDATA[b]]></a>", "mixed-content"],
		["<a>b<c></c></a>", "mixed-content"],
		["<a> <c></c></a>", "mixed-content"],
		['<a b="\t"></a>', "character"],
		["<a>\r</a>", "character"],
		['<a b="<"></a>', "character"],
		["<a>&b;</a>", "entity"],
		["<a>&#13;</a>", "entity"],
		['<a b="1" b="2"></a>', "duplicate-attribute"],
		["<a></b>", "not-well-formed"],
		["<a></a><b></b>", "not-well-formed"],
		["<a>", "not-well-formed"],
		["", "not-well-formed"],
		["<a>".repeat(40) + "</a>".repeat(40), "too-deep"],
		[`<a>${"b".repeat(70_000)}</a>`, "too-long"],
	])("%.40s is refused as %s", (octets, refusal) => {
		try {
			readSignedXml(octets);
			expect.unreachable();
		} catch (error) {
			expect(error).toBeInstanceOf(XmlError);
			expect((error as XmlError).refusal).toMatch(new RegExp(`${refusal}|cdata|comment|processing-instruction`));
		}
	});

	test("octets that are no UTF-8 are refused; nothing else than XmlError ever comes out", () => {
		expect(() => readSignedXml(Buffer.from([0x3c, 0x61, 0xff]))).toThrow(XmlError);
		fc.assert(
			fc.property(element, fc.nat(), fc.nat({ max: 255 }), (root, at, octet) => {
				const octets = Buffer.from(canonicalXml(root));
				octets[at % octets.length] = octet;
				try {
					readSignedXml(octets);
				} catch (error) {
					expect(error).toBeInstanceOf(XmlError);
				}
			}),
		);
	});
});
