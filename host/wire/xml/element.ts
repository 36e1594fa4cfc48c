/** An element: it holds either elements or one piece of text. */
export interface XmlElement {
	readonly name: string;
	readonly attributes: readonly (readonly [name: string, value: string])[];
	readonly children: readonly XmlElement[];
	readonly text: string;
}

/** The only child of that name. */
export function child(element: XmlElement, name: string): XmlElement | undefined {
	const found = element.children.filter((other) => other.name === name);
	return found.length === 1 ? found[0] : undefined;
}

export const childText = (element: XmlElement, name: string): string | undefined => child(element, name)?.text;

export const attribute = (element: XmlElement, name: string): string | undefined =>
	element.attributes.find(([other]) => other === name)?.[1];
