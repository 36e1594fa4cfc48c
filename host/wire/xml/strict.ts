import type { XmlElement } from "./element.ts";
import { XmlError, type XmlRefusal } from "./error.ts";

export interface XmlLimits {
	readonly maxLength?: number;
	readonly maxDepth?: number;
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
	#at = 0;

	constructor(text: string, maxDepth: number) {
		this.#text = text;
		this.#maxDepth = maxDepth;
	}

	document(): XmlElement {
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

	/** The letter that a reference stands for. */
	#reference(): string {
		const end = this.#text.indexOf(";", this.#at);
		const known = entities.get(end < 0 ? "" : this.#text.slice(this.#at + 1, end));
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
			if (letter === "<" || letter < " " || letter === "\u007f" || letter >= "\ufffe") this.#refuse("character");
			if (letter === "&") value += this.#reference();
			else {
				value += letter;
				this.#at++;
			}
		}
	}
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a signed document, octet by octet as its profile has it: no DOCTYPE, processing instruction, comment, CDATA or
 * control character, no white space between elements, the five predefined entities only. What nobody has signed is
 * read by `tolerant.ts`.
 */
export function readSignedXml(input: string | Uint8Array, limits: XmlLimits = {}): XmlElement {
	if (input.length > (limits.maxLength ?? 65_536)) throw new XmlError("too-long", input.length);
	let text: string;
	try {
		text = typeof input === "string" ? input : decoder.decode(input);
	} catch {
		throw new XmlError("character", 0);
	}
	return new Parser(text, limits.maxDepth ?? 16).document();
}
