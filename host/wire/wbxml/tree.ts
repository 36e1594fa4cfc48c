import type { XmlElement } from "../xml/element.ts";
import { type Attribute, WbxmlDecoder, type WbxmlLimits } from "./decode.ts";
import { WbxmlError } from "./error.ts";
import { inForm } from "./forms.ts";
import { isText } from "./reader.ts";
import type { Language } from "./tables/language.ts";

export interface DecodedWbxml {
	readonly language: Language;
	readonly root: XmlElement;
}

interface Building {
	readonly name: string;
	readonly attributes: readonly Attribute[];
	readonly children: XmlElement[];
	text: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Opaque octets inside an element: a document of their own (TNDS, DevInf), or the element's text. A document in a
 * document has the depth that is left.
 */
function opaqueContent(octets: Uint8Array, offset: number, limits: WbxmlLimits): XmlElement | string {
	if (octets.length > 4 && (octets[0] ?? 0) <= 3) {
		try {
			return decodeWbxml(octets, limits).root;
		} catch (error) {
			if (error instanceof WbxmlError) throw new WbxmlError("opaque", offset);
			throw error;
		}
	}
	let text: string;
	try {
		text = utf8.decode(octets);
	} catch {
		throw new WbxmlError("opaque", offset);
	}
	if (!isText(text, false)) throw new WbxmlError("opaque", offset);
	return text;
}

/** The document as elements that hold either elements or text, as the XML of the profile does. */
export function decodeWbxml(octets: Uint8Array, limits: WbxmlLimits = {}): DecodedWbxml {
	const decoder = new WbxmlDecoder(octets, limits);
	const stack: Building[] = [];
	let root: XmlElement | undefined;
	const put = (content: XmlElement | string, offset: number): void => {
		const parent = stack.at(-1);
		if (typeof content === "string") {
			if (!parent || parent.children.length > 0) throw new WbxmlError("mixed-content", offset);
			parent.text += content;
			return;
		}
		if (parent && parent.text !== "") throw new WbxmlError("mixed-content", offset);
		if (parent) parent.children.push(content);
		else root = content;
	};
	for (const event of decoder.events()) {
		switch (event.kind) {
			case "start":
				stack.push({ name: event.name, attributes: event.attributes, children: [], text: "" });
				break;
			case "text":
				put(event.text, event.offset);
				break;
			case "opaque":
				put(
					opaqueContent(event.octets, event.offset, { ...limits, maxDepth: decoder.limits.maxDepth - decoder.depth }),
					event.offset,
				);
				break;
			case "end":
				put(stack.pop() as Building, event.offset);
		}
	}
	if (!root) throw new WbxmlError("end-of-input", octets.length);
	return { language: decoder.language, root: inForm(root, "xml") };
}
