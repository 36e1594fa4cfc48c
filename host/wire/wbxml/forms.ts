import type { XmlElement } from "../xml/element.ts";

/** Content types that say in which form a document is: `application/vnd.syncml.dmtnds+xml`, `…+wbxml`. */
const formed = /^(application\/vnd\.syncml[a-z.-]*\+)(xml|wbxml)$/;

const child = (element: XmlElement, name: string): XmlElement | undefined =>
	element.children.find((one) => one.name === name);

/** An item whose data is a document of its own. */
const holdsDocument = (item: XmlElement): boolean => (child(item, "Data")?.children.length ?? 0) > 0;

/**
 * A SyncML message whose items say of the documents inside them that they are in `form`, as they are once the
 * message is (OMA DM 1.2.1; libwbxml does the same).
 */
export function inForm(element: XmlElement, form: "xml" | "wbxml"): XmlElement {
	const children = element.children.map((one) => inForm(one, form));
	if (!holdsDocument(element)) return { ...element, children };
	const said = children.map((one) =>
		one.name !== "Meta"
			? one
			: {
					...one,
					children: one.children.map((meta) =>
						meta.name === "Type" ? { ...meta, text: meta.text.replace(formed, `$1${form}`) } : meta,
					),
				},
	);
	return { ...element, children: said };
}
