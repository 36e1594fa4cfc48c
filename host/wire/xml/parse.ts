import { Refused } from "../refused.ts";

/** An element of the profile: it holds either elements or one piece of text. */
export interface XmlElement {
	readonly name: string;
	readonly attributes: readonly (readonly [name: string, value: string])[];
	readonly children: readonly XmlElement[];
	readonly text: string;
}

export type XmlRefusal =
	| "doctype"
	| "processing-instruction"
	| "comment"
	| "cdata"
	| "character"
	| "entity"
	| "mixed-content"
	| "duplicate-attribute"
	| "not-well-formed"
	| "too-deep"
	| "too-long";

/** Input outside the profile; `offset` counts characters. */
export class XmlError extends Refused<XmlRefusal> {
	constructor(refusal: XmlRefusal, offset: number) {
		super("XML refused at character", refusal, offset);
	}
}

export interface XmlLimits {
	readonly maxLength?: number;
	readonly maxDepth?: number;
	/** Allow one XML declaration at the start (SyncML peers send it; signed documents have none). */
	readonly declaration?: boolean;
	/** Allow TAB and LF in texts, and CR as `&#xD;` (data of SyncML peers; signed documents have none). */
	readonly lines?: boolean;
}

const entities = new Map([
	["amp", "&"],
	["lt", "<"],
	["gt", ">"],
	["quot", '"'],
	["apos", "'"],
]);
const namePattern = /[A-Za-z_][A-Za-z0-9_.:-]*/y;

class Parser {
	readonly #text: string;
	readonly #maxDepth: number;
	readonly #lines: boolean;
	#at = 0;

	constructor(text: string, maxDepth: number, lines: boolean) {
		this.#text = text;
		this.#maxDepth = maxDepth;
		this.#lines = lines;
	}

	document(declaration: boolean): XmlElement {
		if (declaration && this.#text.startsWith("<?xml ")) {
			const end = this.#text.indexOf("?>");
			if (end < 0) this.#refuse("not-well-formed");
			this.#at = end + 2;
		}
		const root = this.#element(0);
		if (this.#at !== this.#text.length) this.#refuseMarkup();
		return root;
	}

	#refuse(refusal: XmlRefusal): never {
		throw new XmlError(refusal, this.#at);
	}

	#sees(text: string): boolean {
		return this.#text.startsWith(text, this.#at);
	}

	#refuseMarkup(): never {
		if (this.#sees("<!--")) this.#refuse("comment");
		if (this.#sees("<![CDATA[")) this.#refuse("cdata");
		if (this.#sees("<!")) this.#refuse("doctype");
		if (this.#sees("<?")) this.#refuse("processing-instruction");
		this.#refuse("not-well-formed");
	}

	#expect(text: string): void {
		if (!this.#sees(text)) this.#refuseMarkup();
		this.#at += text.length;
	}

	#name(): string {
		namePattern.lastIndex = this.#at;
		const found = namePattern.exec(this.#text);
		if (!found) this.#refuseMarkup();
		this.#at += found[0].length;
		return found[0];
	}

	#element(depth: number): XmlElement {
		if (depth > this.#maxDepth) this.#refuse("too-deep");
		this.#expect("<");
		if (this.#sees("!") || this.#sees("?")) {
			this.#at--;
			this.#refuseMarkup();
		}
		const name = this.#name();
		const attributes = this.#attributes();
		if (this.#sees("/>")) {
			this.#at += 2;
			return { name, attributes, children: [], text: "" };
		}
		this.#expect(">");
		const text = this.#characters("<");
		const children: XmlElement[] = [];
		while (!this.#sees("</")) {
			if (this.#at >= this.#text.length) this.#refuse("not-well-formed");
			if (!this.#sees("<") || text !== "") this.#refuse("mixed-content");
			children.push(this.#element(depth + 1));
		}
		this.#expect(`</${name}`);
		this.#expect(">");
		return { name, attributes, children, text };
	}

	#attributes(): [string, string][] {
		const attributes: [string, string][] = [];
		while (this.#sees(" ")) {
			this.#at++;
			const name = this.#name();
			if (attributes.some(([other]) => other === name)) this.#refuse("duplicate-attribute");
			this.#expect("=");
			const quote = this.#sees("'") ? "'" : '"';
			this.#expect(quote);
			attributes.push([name, this.#characters(quote)]);
			this.#expect(quote);
		}
		return attributes;
	}

	#isLine(letter: string, stop: string): boolean {
		return this.#lines && stop === "<" && (letter === "\n" || letter === "\t");
	}

	/** The letter that a reference stands for. */
	#reference(stop: string): string {
		const end = this.#text.indexOf(";", this.#at);
		const name = end < 0 ? "" : this.#text.slice(this.#at + 1, end);
		const known = name === "#xD" && this.#lines && stop === "<" ? "\r" : entities.get(name);
		if (known === undefined) this.#refuse("entity");
		this.#at = end + 1;
		return known;
	}

	#characters(stop: string): string {
		let value = "";
		for (;;) {
			const letter = this.#text[this.#at];
			if (letter === undefined) return this.#refuse("not-well-formed");
			if (letter === stop) return value;
			const control = letter < " " && !this.#isLine(letter, stop);
			if (letter === "<" || control || letter === "\u007f" || letter >= "\ufffe") this.#refuse("character");
			if (letter === "&") value += this.#reference(stop);
			else {
				value += letter;
				this.#at++;
			}
		}
	}
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a document of the profile: no DOCTYPE, processing instruction, comment, CDATA or control
 * character, no white space between elements, the five predefined entities only.
 */
export function parseXml(input: string | Uint8Array, limits: XmlLimits = {}): XmlElement {
	if (input.length > (limits.maxLength ?? 65_536)) throw new XmlError("too-long", input.length);
	let text: string;
	try {
		text = typeof input === "string" ? input : decoder.decode(input);
	} catch {
		throw new XmlError("character", 0);
	}
	return new Parser(text, limits.maxDepth ?? 16, limits.lines ?? false).document(limits.declaration ?? false);
}

/** The only child of that name. */
export function child(element: XmlElement, name: string): XmlElement | undefined {
	const found = element.children.filter((other) => other.name === name);
	return found.length === 1 ? found[0] : undefined;
}

export const childText = (element: XmlElement, name: string): string | undefined => child(element, name)?.text;

export const attribute = (element: XmlElement, name: string): string | undefined =>
	element.attributes.find(([other]) => other === name)?.[1];
