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

/** A path that is served, asked for with a method that it is not served with (RFC 9110 clause 15.5.6). */
export class MethodNotAllowed extends Refusal {
	/** The methods that it is served with. */
	readonly allow: string;

	constructor(...methods: readonly string[]) {
		super("method-not-allowed", `this path is served with ${methods.join(", ")}`, 405);
		this.allow = methods.join(", ");
	}
}

/** Header fields that go with a refusal. */
export const refusalHeaders = (refusal: Refusal): Readonly<Record<string, string>> => ({
	...(refusal instanceof MethodNotAllowed ? { allow: refusal.allow } : {}),
	// Half a body stands in a connection that is refused: it is of no more use.
	...(refusal.status === 413 ? { connection: "close" } : {}),
});
