import { SaxesParser, type SaxesTagNS } from "saxes";
import type { XmlElement } from "./element.ts";
import { textOf } from "./encoding.ts";
import { XmlError } from "./error.ts";

export interface TolerantLimits {
	/** Octets, or characters of a text. */
	readonly maxLength?: number;
	readonly maxDepth?: number;
}

interface Open {
	readonly name: string;
	readonly namespace: string;
	readonly attributes: readonly (readonly [string, string])[];
	readonly children: XmlElement[];
	text: string;
}

/** Attributes as `canonical.ts` writes them: no prefix, and a namespace is declared where it begins. */
function attributesOf(tag: SaxesTagNS, outer: string): [string, string][] {
	const own = Object.values(tag.attributes)
		.filter(({ prefix, name }) => prefix !== "xmlns" && prefix !== "xml" && name !== "xmlns")
		.map(({ local, value }): [string, string] => [local, value]);
	return tag.uri === outer ? own : [["xmlns", tag.uri], ...own];
}

/** Puts elements together; white space around elements says nothing, and a prefix stands for its namespace. */
class Building {
	readonly #maxDepth: number;
	readonly #stack: Open[] = [];
	root: XmlElement | undefined;

	constructor(maxDepth: number) {
		this.#maxDepth = maxDepth;
	}

	open(tag: SaxesTagNS, at: number): void {
		if (this.#stack.length > this.#maxDepth) throw new XmlError("too-deep", at);
		const outer = this.#stack.at(-1);
		const attributes = attributesOf(tag, outer?.namespace ?? "");
		this.#stack.push({ name: tag.local, namespace: tag.uri, attributes, children: [], text: "" });
	}

	text(text: string): void {
		const open = this.#stack.at(-1);
		if (open) open.text += text;
	}

	close(at: number): void {
		const { name, attributes, children, text } = this.#stack.pop() as Open;
		if (children.length > 0 && text.trim() !== "") throw new XmlError("mixed-content", at);
		const element = { name, attributes, children, text: children.length > 0 ? "" : text };
		const outer = this.#stack.at(-1);
		if (outer) outer.children.push(element);
		else this.root = element;
	}
}

/**
 * Reads a document that nobody has signed, in whatever way others spell XML 1.0 with namespaces: white space, comments,
 * CDATA, processing instructions, character references, prefixes, a byte order mark, a declaration with an encoding, and a
 * DOCTYPE, whose internal subset is passed over: no entity of its own is ever expanded. Bounded in length and depth.
 * Throws XmlError. Signed documents are read by `strict.ts`.
 */
export function readXml(input: string | Uint8Array, limits: TolerantLimits = {}): XmlElement {
	if (input.length > (limits.maxLength ?? 65_536)) throw new XmlError("too-long", input.length);
	const text = typeof input === "string" ? input : textOf(input);
	const parser = new SaxesParser({ xmlns: true, position: true, forceXMLVersion: true, defaultXMLVersion: "1.0" });
	const building = new Building(limits.maxDepth ?? 16);
	parser.on("error", ({ message }) => {
		throw new XmlError(/undefined entity/.test(message) ? "entity" : "not-well-formed", parser.position);
	});
	parser.on("opentag", (tag) => building.open(tag, parser.position));
	parser.on("text", (text) => building.text(text));
	parser.on("cdata", (text) => building.text(text));
	parser.on("closetag", () => building.close(parser.position));
	parser.write(text).close();
	return building.root ?? refuseNothing(text.length);
}

function refuseNothing(at: number): never {
	throw new XmlError("not-well-formed", at);
}
