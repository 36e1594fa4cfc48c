import type { WbxmlRefusal } from "./error.ts";
import { languageOf } from "./languages.ts";
import { isText, WbxmlReader } from "./reader.ts";
import type { Language } from "./tables/language.ts";
import {
	charsets,
	END,
	ENTITY,
	HAS_ATTRIBUTES,
	HAS_CONTENT,
	isExtension,
	isLiteral,
	OPAQUE,
	PI,
	STR_I,
	STR_T,
	SWITCH_PAGE,
	TAG,
} from "./tokens.ts";

export interface WbxmlLimits {
	/** Octets of the document. */
	readonly maxLength?: number;
	readonly maxDepth?: number;
	readonly maxStringTable?: number;
	/** Octets of a string, of opaque data, and of an attribute's value. */
	readonly maxString?: number;
	/** Characters of all texts and values together: a reference of three octets stands for a whole table. */
	readonly maxText?: number;
}

export type Attribute = readonly [name: string, value: string];

/** What a document consists of, in order; `offset` is that of the first octet. */
export type WbxmlEvent =
	| {
			readonly kind: "start";
			readonly name: string;
			readonly attributes: readonly Attribute[];
			readonly offset: number;
	  }
	| { readonly kind: "text"; readonly text: string; readonly offset: number }
	| { readonly kind: "opaque"; readonly octets: Uint8Array; readonly offset: number }
	| { readonly kind: "end"; readonly offset: number };

interface Open {
	readonly name: string;
	readonly page: number;
}

/** Tokens of the lower half that begin an attribute; the upper half goes on with its value. */
const VALUES_FROM = 0x80;

/**
 * Reads a binary document once, from front to back, and tells what it meets. It keeps the open elements and
 * nothing else, and refuses by name, with the offset, whatever is not in the tables of its language.
 */
export class WbxmlDecoder {
	readonly language: Language;
	readonly limits: Required<WbxmlLimits>;
	readonly #in: WbxmlReader;
	readonly #table: Uint8Array;
	readonly #tableAt: number;
	readonly #open: Open[] = [];
	#text = 0;
	#begun = false;
	#tagPage = 0;
	#attributePage = 0;

	constructor(octets: Uint8Array, limits: WbxmlLimits = {}) {
		this.limits = {
			...{ maxLength: 65_536, maxDepth: 16, maxStringTable: 4096, maxString: 32_768, maxText: 262_144 },
			...limits,
		};
		this.#in = new WbxmlReader(octets);
		if (octets.length > this.limits.maxLength) this.#in.refuse("too-long", this.limits.maxLength);
		const version = this.#in.octet();
		if (version < 1 || version > 3) this.#in.refuse("version", 0);
		const publicIdAt = this.#in.at;
		const number = this.#in.integer();
		const index = number === 0 ? this.#in.integer() : undefined;
		const charsetAt = this.#in.at;
		const charset = charsets.get(this.#in.integer());
		this.#in.charset = charset ?? this.#in.refuse("charset", charsetAt);
		const lengthAt = this.#in.at;
		const length = this.#in.integer();
		if (length > this.limits.maxStringTable) this.#in.refuse("string-table", lengthAt);
		this.#tableAt = this.#in.at;
		this.#table = this.#in.take(length);
		const language = languageOf(index === undefined ? number : this.#fromTable(index, publicIdAt));
		this.language = language ?? this.#in.refuse("public-identifier", publicIdAt);
	}

	/** Elements that are open. */
	get depth(): number {
		return this.#open.length;
	}

	*events(): Generator<WbxmlEvent, void> {
		while (!this.#begun || this.#open.length > 0) yield* this.#next();
		if (!this.#in.finished) this.#in.refuse("trailing-octets");
	}

	*#next(): Generator<WbxmlEvent, void> {
		const offset = this.#in.at;
		const token = this.#in.octet();
		if (token === SWITCH_PAGE) {
			this.#tagPage = this.#page(this.language.tagPages.length, offset);
			return;
		}
		if (this.#open.length === 0) {
			yield* this.#element(token, offset);
			return;
		}
		switch (token) {
			case END:
				this.#open.pop();
				yield { kind: "end", offset };
				return;
			case STR_I:
			case STR_T:
			case ENTITY:
				yield { kind: "text", text: this.#string(token, offset, false), offset };
				return;
			case OPAQUE:
				yield { kind: "opaque", octets: this.#opaque(offset), offset };
				return;
			default:
				yield* this.#element(token, offset);
		}
	}

	*#element(token: number, offset: number): Generator<WbxmlEvent, void> {
		this.#refuseStrange(token, offset);
		if (this.#open.length >= this.limits.maxDepth) this.#in.refuse("too-deep", offset);
		const found = this.language.tagPages[this.#tagPage]?.tags.find(([known]) => known === (token & TAG));
		if (!found) return this.#in.refuse("tag", offset);
		const [, name] = found;
		if (this.#open.length === 0 && name !== this.language.root) this.#in.refuse("root", offset);
		const attributes = [...this.#namespace(), ...((token & HAS_ATTRIBUTES) === 0 ? [] : this.#attributes())];
		const page = this.#tagPage;
		this.#begun = true;
		yield { kind: "start", name, attributes, offset };
		if ((token & HAS_CONTENT) === 0) yield { kind: "end", offset };
		else this.#open.push({ name, page });
	}

	/** The namespace of a code page is declared where it begins. */
	#namespace(): Attribute[] {
		const namespace = this.language.tagPages[this.#tagPage]?.namespace;
		const parent = this.#open.at(-1);
		return namespace === undefined || parent?.page === this.#tagPage ? [] : [["xmlns", namespace]];
	}

	#attributes(): Attribute[] {
		const attributes: Attribute[] = [];
		for (;;) {
			const offset = this.#in.at;
			const token = this.#in.octet();
			if (token === END) break;
			if (token === SWITCH_PAGE) {
				this.#attributePage = this.#page(this.language.attributePages.length, offset);
				continue;
			}
			this.#refuseStrange(token, offset);
			const start = this.language.attributePages[this.#attributePage]?.starts.find(([known]) => known === token);
			if (!start) return this.#in.refuse("attribute", offset);
			if (attributes.some(([name]) => name === start[1])) this.#in.refuse("duplicate-attribute", offset);
			attributes.push([start[1], this.#value(start[2] ?? "")]);
		}
		if (attributes.length === 0) this.#in.refuse("attribute");
		return attributes;
	}

	/** The rest of an attribute's value, up to what begins the next one. */
	#value(beginning: string): string {
		const from = this.#in.at;
		let value = beginning;
		for (;;) {
			const offset = this.#in.at;
			const token = this.#in.octet();
			if (token === STR_I || token === STR_T || token === ENTITY) value += this.#string(token, offset, true);
			else if (token === SWITCH_PAGE && this.#isValueBehindPage()) {
				this.#attributePage = this.#page(this.language.attributePages.length, offset);
			} else if (token < VALUES_FROM) {
				this.#in.at = offset;
				return value;
			} else value += this.#valueToken(token, offset);
			if (value.length > this.limits.maxString) this.#in.refuse("too-long", from);
		}
	}

	/** A page is switched inside a value where a value token follows; else it belongs to the next attribute. */
	#isValueBehindPage(): boolean {
		const at = this.#in.at;
		this.#in.octet();
		const following = this.#in.octet();
		this.#in.at = at;
		return following >= VALUES_FROM;
	}

	#valueToken(token: number, offset: number): string {
		if (token === OPAQUE) this.#in.refuse("opaque", offset);
		if (isExtension(token)) this.#in.refuse("extension", offset);
		const found = this.language.attributePages[this.#attributePage]?.values.find(([known]) => known === token);
		return this.#counted(found ? found[1] : this.#in.refuse("attribute-value", offset), offset);
	}

	#page(count: number, offset: number): number {
		const page = this.#in.octet();
		if (page >= count) this.#in.refuse("code-page", offset);
		return page;
	}

	#refuseStrange(token: number, offset: number): void {
		const strange: [boolean, WbxmlRefusal][] = [
			[token === PI, "processing-instruction"],
			[isExtension(token), "extension"],
			[isLiteral(token), "literal"],
		];
		for (const [is, refusal] of strange) if (is) this.#in.refuse(refusal, offset);
	}

	#string(token: number, offset: number, inAttribute: boolean): string {
		return this.#counted(this.#letters(token, offset, inAttribute), offset);
	}

	#counted(text: string, offset: number): string {
		this.#text += text.length;
		if (this.#text > this.limits.maxText) this.#in.refuse("too-long", offset);
		return text;
	}

	#letters(token: number, offset: number, inAttribute: boolean): string {
		if (token === STR_I) return this.#in.terminated(this.limits.maxString, inAttribute);
		if (token === STR_T) return this.#fromTable(this.#in.integer(), offset, inAttribute);
		const code = this.#in.integer();
		const text = code <= 0x10ffff ? String.fromCodePoint(code) : "";
		if (text === "" || (code >= 0xd800 && code < 0xe000) || !isText(text, inAttribute))
			this.#in.refuse("character", offset);
		return text;
	}

	#fromTable(index: number, offset: number, inAttribute = true): string {
		const end = index < this.#table.length ? this.#table.indexOf(0, index) : -1;
		// A public identifier may stand at the end of the table without its NUL.
		if (end < 0 && (index >= this.#table.length || this.language !== undefined))
			this.#in.refuse("string-table", offset);
		return this.#in.text(
			this.#table.subarray(index, end < 0 ? this.#table.length : end),
			this.#tableAt + index,
			inAttribute,
		);
	}

	#opaque(offset: number): Uint8Array {
		const { name } = this.#open.at(-1) ?? { name: "" };
		if (!this.language.opaqueIn?.includes(name)) this.#in.refuse("opaque", offset);
		const length = this.#in.integer();
		if (length > this.limits.maxString) this.#in.refuse("too-long", offset);
		return this.#in.take(length);
	}
}
