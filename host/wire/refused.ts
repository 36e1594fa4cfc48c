/** Something from outside that a reader of the wire does not take: what is wrong, by name, and where. */
export abstract class Refused<Name extends string = string> extends Error {
	readonly refusal: Name;
	/** Of the octet, in a text of the character, at which it is wrong. */
	readonly offset: number;

	protected constructor(what: string, refusal: Name, offset: number) {
		super(`${what} ${offset}: ${refusal}`);
		this.refusal = refusal;
		this.offset = offset;
	}
}
