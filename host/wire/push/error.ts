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
export class PushError extends Error {
	readonly refusal: PushRefusal;
	readonly offset: number;

	constructor(refusal: PushRefusal, offset: number) {
		super(`WAP push refused at octet ${offset}: ${refusal}`);
		this.refusal = refusal;
		this.offset = offset;
	}
}
