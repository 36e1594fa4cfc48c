import { canonicalXml, xml } from "../xml/canonical.ts";
import { attribute, type XmlElement } from "../xml/element.ts";
import { readSignedXml } from "../xml/strict.ts";

/** A characteristic of a wap-provisioningdoc (OMA ProvCont): parameters and characteristics in order. */
export interface Characteristic {
	readonly type: string;
	readonly items: readonly (Parm | Characteristic)[];
}

/** A parameter; without a value it is a flag. */
export interface Parm {
	readonly name: string;
	readonly value?: string;
}

export class ProvisioningError extends Error {}

export const parm = (name: string, value?: string): Parm => (value === undefined ? { name } : { name, value });
export const characteristic = (type: string, ...items: (Parm | Characteristic)[]): Characteristic => ({ type, items });

export const isParm = (item: Parm | Characteristic): item is Parm => "name" in item;

function toXml(item: Parm | Characteristic): XmlElement {
	if (!isParm(item)) return xml("characteristic", item.items.map(toXml), { type: item.type });
	return xml("parm", "", item.value === undefined ? { name: item.name } : { name: item.name, value: item.value });
}

/** Canonical octets of a document, as text. */
export const writeProvisioning = (characteristics: readonly Characteristic[]): string =>
	canonicalXml(xml("wap-provisioningdoc", characteristics.map(toXml), { version: "1.1" }));

function fromXml(element: XmlElement): Parm | Characteristic {
	if (element.name === "parm") {
		const name = attribute(element, "name");
		if (name === undefined || element.children.length > 0) throw new ProvisioningError("a parm without a name");
		return parm(name, attribute(element, "value"));
	}
	const type = attribute(element, "type");
	if (element.name !== "characteristic" || type === undefined || element.text !== "") {
		throw new ProvisioningError(`<${element.name}> has no place in a wap-provisioningdoc`);
	}
	return { type, items: element.children.map(fromXml) };
}

/** Reads a document and insists that it is in canonical form. */
export function readProvisioning(text: string): Characteristic[] {
	const root = readSignedXml(text);
	if (root.name !== "wap-provisioningdoc") throw new ProvisioningError(`the root is <${root.name}>`);
	const characteristics = root.children.map(fromXml);
	if (characteristics.some(isParm)) throw new ProvisioningError("a parm outside a characteristic");
	const result = characteristics as Characteristic[];
	if (writeProvisioning(result) !== text) throw new ProvisioningError("the document is not canonical");
	return result;
}

/** Value of the parameter of a characteristic, where it stands once. */
export function parmValue(from: Characteristic, name: string): string | undefined {
	const found = from.items.filter((item): item is Parm => isParm(item) && item.name === name);
	return found.length === 1 ? (found[0]?.value ?? "") : undefined;
}

/** The characteristics of a type directly inside a list. */
export const ofType = (items: readonly (Parm | Characteristic)[], type: string): Characteristic[] =>
	items.filter((item): item is Characteristic => !isParm(item) && item.type === type);
