import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SignatureError, splitEnveloped } from "../../../../host/wire/dsig/signature.ts";
import { readBootstrap, splitBootstrap } from "../../../../host/wire/prov/bootstrap.ts";
import { ProvisioningError } from "../../../../host/wire/prov/document.ts";
import { bootstrapPush, bootstrapText, deliveryOf } from "../../../../host/wire/push/delivery.ts";
import { PushError } from "../../../../host/wire/push/error.ts";
import { decodePush, encodePush } from "../../../../host/wire/push/wsp.ts";
import { decodeDeliver, encodeDeliver } from "../../../../host/wire/sms/deliver.ts";
import { Reassembly, type ReassemblyLimits } from "../../../../host/wire/sms/reassembly.ts";
import { TpduError } from "../../../../host/wire/sms/user-data.ts";
import { readMessageIn } from "../../../../host/wire/syncml/form.ts";
import { SyncmlError, writeMessage } from "../../../../host/wire/syncml/message.ts";
import type { WbxmlLimits } from "../../../../host/wire/wbxml/decode.ts";
import { encodeWbxml } from "../../../../host/wire/wbxml/encode.ts";
import { WbxmlEncodeError, WbxmlError } from "../../../../host/wire/wbxml/error.ts";
import { languages } from "../../../../host/wire/wbxml/languages.ts";
import { decodeWbxml } from "../../../../host/wire/wbxml/tree.ts";
import { canonicalXml } from "../../../../host/wire/xml/canonical.ts";
import { XmlError } from "../../../../host/wire/xml/error.ts";
import { readSignedXml } from "../../../../host/wire/xml/strict.ts";
import { readXml } from "../../../../host/wire/xml/tolerant.ts";
import type { Dictionary } from "../../../support/mutate.ts";

type NamedError = new (...args: never[]) => Error;

/** A reader of octets from outside; `read` throws one of `refusals`, or what it read is written and read again. */
export interface Target {
	readonly name: string;
	/** Inputs of the short form. */
	readonly inputs: number;
	readonly corpus: readonly Uint8Array[];
	readonly dictionary: Dictionary;
	readonly refusals: readonly NamedError[];
	/** Reads, and throws `Finding` where what was read breaks a promise. */
	read(input: Buffer): void;
}

export class Finding extends Error {}

/** Little room, so that it is soon full. */
const small = { maxMessages: 16, maxOctets: 16 * 1024, timeoutMs: 1000 };

/** Characters that the largest document comes to, with every name written out. */
const MAX_XML = 2 ** 20;

export function same(what: string, first: string, second: string): void {
	if (first !== second) throw new Finding(`${what} is not what it was read from`);
}

const vectors = (folder: string, ending: string): Buffer[] =>
	readdirSync(resolve("test/vectors", folder))
		.filter((name) => name.endsWith(ending))
		.map((name) => readFileSync(join(resolve("test/vectors", folder), name)));

const binary = [...vectors("wbxml", ".wbxml"), ...vectors("examples", ".wbxml")];

/** What was not bounded once: a document in a document in a document …, and text that stands for far more. */
export const regressions = {
	nested: nestedDocuments(2500),
	references: Buffer.concat([
		Buffer.from("030b6a9f7f", "hex"),
		...[
			Buffer.alloc(4094, "a"),
			Buffer.from([0, 0x45]),
			Buffer.alloc(40_000, Buffer.from([0x83, 0])),
			Buffer.from([1]),
		],
	]),
} as const;
const texts = [...vectors("examples", ".xml"), ...vectors("wbxml", ".xml")];
/** The DM messages among them, in both forms. */
const messages = {
	wbxml: vectors("wbxml", ".wbxml").filter(isMessage),
	xml: vectors("wbxml", ".wbxml")
		.filter(isMessage)
		.map((octets) => Buffer.from(writeMessage(readMessageIn("wbxml", octets)))),
};
const sent = readFileSync(resolve("test/vectors/examples/bootstrap.sent.xml"), "utf8");
const push = bootstrapPush(sent, "001010123456789");
const tpdus = deliveryOf(push, "+8829912345678", new Date(0));

const hex = (...words: string[]): Dictionary => words.map((word) => Buffer.from(word, "hex"));
const words = (...list: string[]): Dictionary => list.map((word) => Buffer.from(word));

const wbxmlWords: Dictionary = [
	...hex(
		"0000",
		"0001",
		"0002",
		"01",
		"0101",
		"8300",
		"8301",
		"c3",
		"c30103",
		"03410001",
		"0300",
		"0226",
		"43",
		"4400",
	),
	...hex("030b6a00", "03a4016a00", "03a4036a00", "ffffffff7f", "8080", "c0", "40004100", "80", "0083b0"),
	...languages.flatMap(({ publicId }) => (typeof publicId === "string" ? words(publicId) : [])),
];
const xmlWords = words(
	...[
		"<",
		">",
		"/>",
		"</",
		"&amp;",
		"&#xD;",
		"&lt;",
		'"',
		"'",
		"=",
		" ",
		"]]>",
		"<!--",
		"<?xml ",
		"<!DOCTYPE ",
		"xmlns",
	],
	...["</a>", "<a>", '<parm name="', "<Add>", "</Add>", "<Data>", "</Data>", "<Final></Final>", "VENDORCONFIG"],
);

/** Reads binary documents with these limits. */
export const wbxmlReader =
	(limits?: WbxmlLimits) =>
	(input: Buffer): void => {
		const { root } = decodeWbxml(input, limits);
		const text = canonicalXml(root);
		if (text.length > MAX_XML) throw new Finding(`${input.length} octets became ${text.length} characters`);
		same(
			"its binary form",
			text,
			canonicalXml(
				decodeWbxml(
					writable(() => encodeWbxml(root)),
					limits,
				).root,
			),
		);
	};

/** Reads short messages, and gives all of them to one reassembly, as an M2ME does. */
export function smsReader(limits: Required<ReassemblyLimits> = small) {
	const reassembly = new Reassembly(limits);
	let now = 0;
	return (input: Buffer): void => {
		const read = decodeDeliver(input);
		same("its octets", shown(read), shown(decodeDeliver(encodeDeliver(read))));
		now++;
		reassembly.take(read, now);
		const { messages, octets } = reassembly.kept;
		if (messages > small.maxMessages || octets > small.maxOctets)
			throw new Finding(`it keeps ${messages} messages and ${octets} octets`);
	};
}

export const targets: readonly Target[] = [
	{
		name: "WBXML",
		inputs: 6000,
		corpus: [...binary, regressions.nested, regressions.references],
		dictionary: wbxmlWords,
		refusals: [WbxmlError],
		read: wbxmlReader(),
	},
	{
		name: "signed XML",
		inputs: 6000,
		corpus: texts,
		dictionary: xmlWords,
		refusals: [XmlError],
		read: (input) => {
			const text = canonicalXml(readSignedXml(input));
			same("its canonical form", text, canonicalXml(readSignedXml(text, { maxLength: MAX_XML })));
			// A prefix is part of a name in the profile, and stands for a namespace in XML.
			if (!/<\w+:|xmlns/.test(text)) same("what the tolerant reader makes of it", text, canonicalXml(readXml(text)));
		},
	},
	{
		name: "XML",
		inputs: 6000,
		corpus: texts,
		dictionary: [
			...xmlWords,
			...words("<?xml version='1.0' encoding='", "<![CDATA[", "]]>", "<!DOCTYPE a [", "]>", "&#x41;"),
		],
		refusals: [XmlError],
		read: (input) => {
			const text = canonicalXml(readXml(input));
			same("its canonical form", text, canonicalXml(readXml(text, { maxLength: MAX_XML })));
		},
	},
	{
		name: "a signed bootstrap in WBXML",
		inputs: 4000,
		corpus: [push.body],
		dictionary: wbxmlWords,
		refusals: [WbxmlError, XmlError, ProvisioningError, SignatureError],
		read: (input) => void readBootstrap(splitBootstrap(bootstrapText(input)).document),
	},
	{
		name: "a document with its signature in it",
		inputs: 6000,
		corpus: ["m2mm", "m2mmcim", "receipt"].map((name) => readFileSync(resolve(`test/vectors/examples/${name}.xml`))),
		dictionary: [...xmlWords, ...words("<ds:Signature ", "</ds:Signature>", "<ds:SignatureValue>", "rsa-sha256")],
		refusals: [XmlError, SignatureError],
		read: (input) => void readSignedXml(splitEnveloped(input.toString("utf8")).document),
	},
	...(["wbxml", "xml"] as const).map((form) => ({
		name: `a SyncML message in ${form}`,
		inputs: 4000,
		corpus: messages[form],
		dictionary: form === "wbxml" ? wbxmlWords : xmlWords,
		refusals: [WbxmlError, XmlError, SyncmlError],
		read: (input: Buffer) => void readMessageIn(form, input),
	})),
	{
		name: "WSP push",
		inputs: 6000,
		corpus: [encodePush({ ...push, tid: 7 }), ...vectors("wbxml", ".wsp")],
		dictionary: hex("b6", "1fff", "1f8080", "9181", "92", "af87", "0106", "8101", "84", "00"),
		refusals: [PushError],
		read: (input) => {
			const read = decodePush(input);
			same("its octets", shown(read), shown(decodePush(encodePush(read))));
		},
	},
	{
		name: "SMS-DELIVER",
		inputs: 20_000,
		corpus: tpdus,
		dictionary: hex("0003", "0804", "0504", "05040b8423f0", "00030102", "ff", "0b", "40", "91"),
		refusals: [TpduError],
		read: smsReader(),
	},
];

function isMessage(octets: Buffer): boolean {
	try {
		readMessageIn("wbxml", octets);
		return true;
	} catch {
		return false;
	}
}

/** The same text for the same content, whatever the order of what it has. */
export const shown = (value: object): string =>
	JSON.stringify(
		Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)),
		(_name, part) => (part instanceof Uint8Array ? Buffer.from(part).toString("hex") : part),
	);

/** What the tables have no binary form for can be read from none. */
function writable(write: () => Buffer): Buffer {
	try {
		return write();
	} catch (error) {
		if (error instanceof WbxmlEncodeError) throw new Finding(`it was read, and can't be written: ${error.message}`);
		throw error;
	}
}

function nestedDocuments(depth: number): Buffer {
	let document = Buffer.from("03a4016a006d01", "hex");
	for (let n = 0; n < depth; n++) {
		const { length } = document;
		const size =
			length < 128
				? [length]
				: length < 16_384
					? [0x80 | (length >> 7), length & 0x7f]
					: [...[0x80 | (length >> 14), 0x80 | ((length >> 7) & 0x7f), length & 0x7f]];
		document = Buffer.concat([
			Buffer.from("03a4016a006d4fc3", "hex"),
			Buffer.from(size),
			document,
			Buffer.from([1, 1]),
		]);
	}
	return document;
}
