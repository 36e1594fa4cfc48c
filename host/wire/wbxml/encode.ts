import type { XmlElement } from "../xml/element.ts";
import { WbxmlEncodeError } from "./error.ts";
import { inForm } from "./forms.ts";
import { languageByRoot } from "./languages.ts";
import { isText } from "./reader.ts";
import type { AttributePage, Language, StartRow } from "./tables/language.ts";
import { END, HAS_ATTRIBUTES, HAS_CONTENT, OPAQUE, STR_I, SWITCH_PAGE, UTF_8, VERSION } from "./tokens.ts";

/** mb_u_int32. */
export function integer(value: number): number[] {
	const octets = [value & 0x7f];
	for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
		octets.unshift((rest & 0x7f) | 0x80);
	return octets;
}

interface Choice {
	readonly page: number;
	readonly row: StartRow;
}

/**
 * Writes a document from front to back in its one canonical form: no string table (but for a public identifier
 * that has no number), a token wherever the tables have one, strings in line, the code page switched only where
 * it has to be.
 */
export class WbxmlEncoder {
	readonly #language: Language;
	readonly #out: number[] = [];
	#tagPage = 0;
	#attributePage = 0;

	constructor(language: Language) {
		this.#language = language;
		const { publicId } = language;
		const named = typeof publicId === "string" ? Buffer.from(`${publicId}\0`) : Buffer.alloc(0);
		const identifier = typeof publicId === "string" ? [0, 0] : integer(publicId);
		this.#out.push(VERSION, ...identifier, ...integer(UTF_8), ...integer(named.length), ...named);
	}

	/** Opens an element of a namespace; one without content is closed by it. */
	start(name: string, namespace: string, attributes: XmlElement["attributes"], hasContent: boolean): void {
		const page = this.#language.tagPages.findIndex(
			(one) => (one.namespace ?? "") === namespace && one.tags.some(([, known]) => known === name),
		);
		const token = this.#language.tagPages[page]?.tags.find(([, known]) => known === name)?.[0];
		if (token === undefined) throw new WbxmlEncodeError(`<${name}> has no place in ${this.#language.name}`);
		if (page !== this.#tagPage) this.#out.push(SWITCH_PAGE, page);
		this.#tagPage = page;
		this.#out.push(token | (attributes.length > 0 ? HAS_ATTRIBUTES : 0) | (hasContent ? HAS_CONTENT : 0));
		for (const [attribute, value] of attributes) this.#attribute(attribute, value);
		if (attributes.length > 0) this.#out.push(END);
	}

	text(text: string): void {
		this.#string(text, false);
	}

	#string(text: string, inAttribute: boolean): void {
		if (!isText(text, inAttribute)) throw new WbxmlEncodeError("a control character has no place in a text");
		this.#out.push(STR_I);
		this.#append(Buffer.from(text));
		this.#out.push(0);
	}

	opaque(octets: Uint8Array): void {
		this.#out.push(OPAQUE, ...integer(octets.length));
		this.#append(octets);
	}

	/** One by one: a call takes only so many arguments. */
	#append(octets: Uint8Array): void {
		for (const octet of octets) this.#out.push(octet);
	}

	end(): void {
		this.#out.push(END);
	}

	finish(): Buffer {
		return Buffer.from(this.#out);
	}

	#attribute(name: string, value: string): void {
		const { page, row } = this.#startFor(name, value);
		if (page !== this.#attributePage) this.#out.push(SWITCH_PAGE, page);
		this.#attributePage = page;
		this.#out.push(row[0]);
		const rest = value.slice((row[2] ?? "").length);
		if (rest === "") return;
		const there = this.#language.attributePages[page] as AttributePage;
		const token = there.values.find(([known, text]) => text === rest && !there.readOnly?.includes(known));
		if (token) this.#out.push(token[0]);
		else this.#string(rest, true);
	}

	/** The token that says most of the attribute; the page that is on comes first among equals. */
	#startFor(name: string, value: string): Choice {
		const choices = this.#language.attributePages.flatMap(({ starts }, page) =>
			starts
				.filter(([, known, begin = ""]) => known === name && (begin === "" || begin === value))
				.map((row): Choice => ({ page, row })),
		);
		const rank = ({ page, row }: Choice): number => (row[2] ?? "").length * 2 + (page === this.#attributePage ? 1 : 0);
		const [best] = choices.sort((a, b) => rank(b) - rank(a) || a.page - b.page);
		if (!best) throw new WbxmlEncodeError(`the attribute ${name} has no place in ${this.#language.name}`);
		return best;
	}
}

const isDeclaration = ([name]: readonly [string, string]): boolean => name === "xmlns";

/** The binary form of a document whose root is one of a language's. */
export function encodeWbxml(root: XmlElement): Buffer {
	const language = languageByRoot(root.name);
	if (!language) throw new WbxmlEncodeError(`<${root.name}> is the root of no language that has a binary form`);
	const encoder = new WbxmlEncoder(language);
	const write = (element: XmlElement, inherited: string): void => {
		const namespace = element.attributes.find(isDeclaration)?.[1] ?? inherited;
		const attributes = element.attributes.filter((one) => !isDeclaration(one));
		encoder.start(element.name, namespace, attributes, element.children.length > 0 || element.text !== "");
		if (element.children.length === 0 && element.text === "") return;
		if (element.text !== "") encoder.text(element.text);
		for (const child of element.children) {
			if (isDocument(element, child, language)) encoder.opaque(encodeWbxml(child));
			else write(child, namespace);
		}
		encoder.end();
	};
	write(inForm(root, "wbxml"), "");
	return encoder.finish();
}

/** A whole document of another language, as an item's data: TNDS, DevInf. */
function isDocument(parent: XmlElement, child: XmlElement, language: Language): boolean {
	const other = languageByRoot(child.name);
	return other !== undefined && other !== language && (language.opaqueIn?.includes(parent.name) ?? false);
}
