import { Refused } from "../refused.ts";

export type PushRefusal =
	| "end-of-input"
	| "trailing-octets"
	| "not-a-push"
	| "integer"
	| "content-type"
	| "parameter"
	| "header"
	| "too-long";

/** Octets that are no connectionless WAP push of the profile; `offset` counts octets. */
export class PushError extends Refused<PushRefusal> {
	constructor(refusal: PushRefusal, offset: number) {
		super("WAP push refused at octet", refusal, offset);
	}
}
