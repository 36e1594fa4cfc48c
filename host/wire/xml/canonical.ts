import type { XmlElement } from "./element.ts";

const references = new Map([
	["&", "&amp;"],
	["<", "&lt;"],
	['"', "&quot;"],
	["\t", "&#x9;"],
	["\n", "&#xA;"],
	["\r", "&#xD;"],
]);

const inAttribute = (value: string): string =>
	value.replace(/[&<"\t\n\r]/g, (letter) => references.get(letter) ?? letter);
const inText = (value: string): string =>
	value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\r", "&#xD;");

const isNamespace = (name: string): boolean => name === "xmlns" || name.startsWith("xmlns:");

/** Namespace declarations first, then attributes by name (the profile has none with a prefix). */
function order(a: readonly [string, string], b: readonly [string, string]): number {
	const first = isNamespace(a[0]);
	if (first !== isNamespace(b[0])) return first ? -1 : 1;
	return a[0] < b[0] ? -1 : 1;
}

/**
 * Exclusive C14N of the profile: each namespace is declared on the element that uses it first, so
 * the declarations that stand there are those that are written.
 */
export function canonicalXml(element: XmlElement): string {
	const attributes = [...element.attributes].sort(order).map(([name, value]) => ` ${name}="${inAttribute(value)}"`);
	const content = element.children.length > 0 ? element.children.map(canonicalXml).join("") : inText(element.text);
	return `<${element.name}${attributes.join("")}>${content}</${element.name}>`;
}

/** An element with children, or with text. */
export function xml(
	name: string,
	content: readonly XmlElement[] | string,
	attributes: Readonly<Record<string, string>> = {},
): XmlElement {
	return {
		name,
		attributes: Object.entries(attributes),
		children: typeof content === "string" ? [] : content,
		text: typeof content === "string" ? content : "",
	};
}
