import { Refused } from "../refused.ts";

export type WbxmlRefusal =
	| "end-of-input"
	| "trailing-octets"
	| "version"
	| "public-identifier"
	| "charset"
	| "integer"
	| "string-table"
	| "string"
	| "character"
	| "tag"
	| "attribute"
	| "attribute-value"
	| "code-page"
	| "duplicate-attribute"
	| "mixed-content"
	| "literal"
	| "extension"
	| "processing-instruction"
	| "opaque"
	| "root"
	| "too-deep"
	| "too-long";

/** A binary document outside what this codec takes; `offset` counts octets. */
export class WbxmlError extends Refused<WbxmlRefusal> {
	constructor(refusal: WbxmlRefusal, offset: number) {
		super("WBXML refused at octet", refusal, offset);
	}
}

/** A document that has no binary form in the language. */
export class WbxmlEncodeError extends Error {}
