/**
 * Reads canonical XML (Exclusive C14N output) of a known profile, left to right, without building a
 * tree. The first thing that is not what the caller expects makes the scanner `bad` for good.
 */
export class Scanner {
	at: i32 = 0;
	bad: bool = false;

	constructor(private input: Uint8Array) {}

	/** Is `text` next, behind `skipped` octets? Nothing is consumed. */
	sees(text: string, skipped: i32 = 0): bool {
		const from = this.at + skipped;
		if (this.bad || this.input.length - from < text.length) return false;
		for (let i = 0; i < text.length; i++) {
			if (this.input[from + i] != <u8>text.charCodeAt(i)) return false;
		}
		return true;
	}

	expect(text: string): void {
		if (!this.sees(text)) this.bad = true;
		else this.at += text.length;
	}

	/** Consumes `text` if it is next. */
	takes(text: string): bool {
		if (!this.sees(text)) return false;
		this.at += text.length;
		return true;
	}

	/**
	 * Octets up to the octet `stop`, which stays. Markup, and what C14N would have written as a
	 * character reference, cannot be in them; `&` starts one of the references C14N writes.
	 */
	upTo(stop: u8): Uint8Array {
		const start = this.at;
		this.skipTo(stop);
		return this.bad ? new Uint8Array(0) : this.input.subarray(start, this.at);
	}

	/** The same without the octets: however many there are in a document, none of the page is taken. */
	skipTo(stop: u8): void {
		while (!this.bad && this.at < this.input.length && this.input[this.at] != stop) {
			const octet = this.input[this.at];
			if (octet == 0x26 && !this.seesReference()) this.bad = true;
			if (octet < 0x20 || octet > 0x7e || octet == 0x3c) this.bad = true;
			this.at++;
		}
		if (this.at >= this.input.length) this.bad = true;
	}

	/** All was read and all of it was as expected. */
	finished(): bool {
		return !this.bad && this.at == this.input.length;
	}

	private seesReference(): bool {
		return this.sees("&amp;") || this.sees("&lt;") || this.sees("&quot;");
	}
}
