/** A request that is understood and refused; `code` is for machines. */
export class Refusal extends Error {
	readonly status: number;
	readonly code: string;

	constructor(code: string, message: string, status = 409) {
		super(message);
		this.code = code;
		this.status = status;
	}
}
