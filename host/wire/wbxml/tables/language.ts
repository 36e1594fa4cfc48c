/** Token and name of an element. */
export type TagRow = readonly [token: number, name: string];

/** Token, name of an attribute, and the beginning of its value that the token stands for. */
export type StartRow = readonly [token: number, name: string, value?: string];

export type ValueRow = readonly [token: number, value: string];

export interface TagPage {
	readonly tags: readonly TagRow[];
	/** Namespace of its elements, where the language has namespaces. */
	readonly namespace?: string;
}

export interface AttributePage {
	readonly starts: readonly StartRow[];
	readonly values: readonly ValueRow[];
	/** Value tokens that are understood and never written. */
	readonly readOnly?: readonly number[];
}

/** A document type in its binary form (WBXML 1.3): tables as data, by code page. */
export interface Language {
	readonly name: string;
	/** Its number, or the formal public identifier where it was given none. */
	readonly publicId: number | string;
	/** Formal public identifiers that stand for it in a string table, where it has a number. */
	readonly formalNames?: readonly string[];
	readonly root: string;
	readonly tagPages: readonly TagPage[];
	readonly attributePages: readonly AttributePage[];
	/** Elements whose text may come as opaque octets, or that may hold another document that way. */
	readonly opaqueIn?: readonly string[];
}
