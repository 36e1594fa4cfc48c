/** Octets from front to back, up to an end; what is missing is refused at that end. */
export abstract class OctetReader<Name extends string> {
	at: number;
	protected readonly octets: Uint8Array;
	protected readonly end: number;

	constructor(octets: Uint8Array, from = 0, end = octets.length) {
		this.octets = octets;
		this.at = from;
		this.end = end;
	}

	/** `at`: where what is refused begins; where nothing is said, here. */
	abstract refuse(refusal: Name | "end-of-input", at?: number): never;

	get finished(): boolean {
		return this.at >= this.end;
	}

	/** Octets that are left. */
	get left(): number {
		return this.end - this.at;
	}

	peek(): number {
		return this.finished ? this.refuse("end-of-input", this.end) : (this.octets[this.at] as number);
	}

	octet(): number {
		const value = this.peek();
		this.at++;
		return value;
	}

	take(length: number): Uint8Array {
		if (length > this.left) this.refuse("end-of-input", this.end);
		this.at += length;
		return this.octets.subarray(this.at - length, this.at);
	}
}
