import { Refused } from "../refused.ts";

export type XmlRefusal =
	| "doctype"
	| "processing-instruction"
	| "comment"
	| "cdata"
	| "character"
	| "entity"
	| "mixed-content"
	| "duplicate-attribute"
	| "not-well-formed"
	| "encoding"
	| "too-deep"
	| "too-long";

/** Input that a reader does not take; `offset` counts characters. */
export class XmlError extends Refused<XmlRefusal> {
	constructor(refusal: XmlRefusal, offset: number) {
		super("XML refused at character", refusal, offset);
	}
}
