import { splitEnveloped } from "../wire/dsig/signature.ts";
import type { XmlElement } from "../wire/xml/element.ts";
import { readSignedXml } from "../wire/xml/strict.ts";
import type { Signers } from "./signers.ts";
import { masked, type Part, recognisable } from "./traced.ts";

type Show = (text: string) => string;

const plain: Show = (text) => text;
const octets: Show = (text) => recognisable(Buffer.from(text, "base64"));
const secret: Show = (text) => masked(Buffer.from(text, "base64"));
const envelope: Show = (text) => {
	const object = Buffer.from(text, "base64");
	return `protected data of suite ${object[0]}, ${object.length} octets, for the TRE alone`;
};

interface Kind {
	readonly clause: string;
	readonly what: (field: (name: string) => string) => string;
	/** How children are shown; what is not here is shown as it stands. */
	readonly show: Readonly<Record<string, Show>>;
}

/** The signed objects of docs/documents.md, "Management objects and receipt". */
const kinds: Readonly<Record<string, Kind>> = {
	M2MM: {
		clause: "B.2.3.4 II",
		what: () => "M2MMobj: the TRE asks for an MCIM, and says what it is; nonceA shows that it opened the account",
		show: { NonceA: secret, NonceB: octets, RootHash: octets, AccountHash: octets },
	},
	M2MMCIM: {
		clause: "B.2.3.4 V",
		what: () => "M2MMCIMMobj: the MCIM of the new SHO, for the TRE alone; nonceB ties it to the request",
		show: { NonceB: octets, ProtectedMCIM: envelope },
	},
	TREReceipt: {
		clause: "B.2.3.5",
		what: (field) => `receipt: the TRE is ${field("State")}, SERIAL ${field("Serial")}`,
		show: {
			Reign: (text) => recognisable(Buffer.from(text, "hex")),
			CurrentRoot: octets,
			NonceB: octets,
			McimId: octets,
			Challenge: octets,
		},
	},
};

const leaves = (element: XmlElement, show: Kind["show"], path = ""): [string, string][] =>
	element.children.flatMap((entry): [string, string][] =>
		entry.children.length > 0
			? leaves(entry, show, `${path}${entry.name} > `)
			: [[`${path}${entry.name}`, (show[entry.name] ?? plain)(entry.text)]],
	);

/** A signed management object or receipt. Throws where it is none. */
export function objectPart(signed: string, signers: Signers): Part {
	const { document, signature } = splitEnveloped(signed);
	const root = readSignedXml(document);
	const kind = Object.hasOwn(kinds, root.name) ? kinds[root.name] : undefined;
	if (!kind) throw new TypeError(`<${root.name}> is no management object`);
	const field = (name: string) => root.children.find((entry) => entry.name === name)?.text ?? "";
	const fields = leaves(root, kind.show);
	return {
		clause: kind.clause,
		what: kind.what(field),
		fields: [...fields, ["signature", signers.saying("enveloped", document, signature)]],
	};
}
