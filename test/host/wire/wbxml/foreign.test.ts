import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { writeMessage } from "../../../../host/wire/syncml/message.ts";
import { encodeWbxml } from "../../../../host/wire/wbxml/encode.ts";
import { decodeWbxml } from "../../../../host/wire/wbxml/tree.ts";
import { canonicalXml } from "../../../../host/wire/xml/canonical.ts";
import { readSignedXml } from "../../../../host/wire/xml/strict.ts";
import { parseForeign, wbxml2xml, xml2wbxml } from "../../../support/libwbxml.ts";

const folder = resolve("test/vectors/wbxml");
const names = readdirSync(folder)
	.filter((name) => name.endsWith(".wbxml"))
	.map((name) => name.replace(".wbxml", ""));

/** libwbxml makes CR LF of each LF in a text. */
const sameLines = (text: string): string => text.replaceAll("&#xD;\n", "\n");

const bootstraps = ["bootstrap.xml", "bootstrap.sent.xml"].map((name): [string, string] => [
	name,
	readFileSync(resolve("test/vectors/examples", name), "utf8"),
]);

const message = writeMessage({
	sessionId: "1A",
	msgId: 2,
	target: "https://dpf.sho-1.example/dm",
	source: "urn:tre:0123",
	locName: "user",
	cred: "Zz6EivR3yeaaENcRN6lpAQ==",
	commands: [
		{ name: "Alert", cmdId: "1", code: 1201, items: [] },
		{ name: "Status", cmdId: "2", msgRef: 1, cmdRef: "0", cmd: "SyncHdr", code: 212, nextNonce: "bm9uY2U=" },
		{
			name: "Replace",
			cmdId: "3",
			items: [{ target: "./M2M/MCIM", format: "b64", type: "text/xml", data: "PGE+<&>" }],
		},
		{ name: "Exec", cmdId: "4", items: [{ target: "./M2M/Install" }] },
	],
	final: true,
});

describe("libwbxml writes, this codec reads", () => {
	test.each(names)("the example %s", (name) => {
		const { root } = decodeWbxml(readFileSync(join(folder, `${name}.wbxml`)));
		const expected = parseForeign(readFileSync(join(folder, `${name}.xml`), "utf8"));
		expect(sameLines(canonicalXml(root))).toBe(canonicalXml(expected));
	});

	test.each(bootstraps)("the worked example %s, with and without a string table", (_name, text) => {
		for (const table of [false, true]) {
			const { root, language } = decodeWbxml(xml2wbxml(text, table));
			expect([language.name, canonicalXml(root)]).toEqual(["PROV", text]);
		}
	});

	test("the binary form of the worked example that is sent", () => {
		const { root } = decodeWbxml(readFileSync(resolve("test/vectors/examples/bootstrap.sent.wbxml")));
		expect(canonicalXml(root)).toBe(bootstraps[1][1]);
	});

	test("a message of our DM sessions", () => {
		expect(canonicalXml(decodeWbxml(xml2wbxml(message)).root)).toBe(canonicalXml(readSignedXml(message)));
		expect(canonicalXml(decodeWbxml(xml2wbxml(message, true)).root)).toBe(canonicalXml(readSignedXml(message)));
	});
});

describe("this codec writes, libwbxml reads", () => {
	test.each(names)("the example %s", (name) => {
		const document = parseForeign(readFileSync(join(folder, `${name}.xml`), "utf8"));
		const read = wbxml2xml(encodeWbxml(document));
		expect(canonicalXml(read)).toBe(canonicalXml(document));
	});

	test.each(bootstraps)("the worked example %s", (_name, text) => {
		expect(canonicalXml(wbxml2xml(encodeWbxml(readSignedXml(text))))).toBe(text);
	});

	test("a message of our DM sessions", () => {
		expect(canonicalXml(wbxml2xml(encodeWbxml(readSignedXml(message))))).toBe(canonicalXml(readSignedXml(message)));
	});
});

test("both write the same octets for our bootstrap, but for the page of `value`", () => {
	const [, text] = bootstraps[0];
	const [ours, theirs] = [encodeWbxml(readSignedXml(text)), xml2wbxml(text)];
	expect(Math.abs(ours.length - theirs.length)).toBeLessThan(theirs.length / 50);
	expect(ours.subarray(0, 20)).toEqual(theirs.subarray(0, 20));
});
