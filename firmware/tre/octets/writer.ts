import { base64Length, encodeBase64 } from "./text";

/** Appends to a buffer that grows as needed. */
export class Writer {
	private buffer: Uint8Array;
	private used: i32 = 0;

	constructor(capacity: i32) {
		this.buffer = new Uint8Array(capacity);
	}

	ascii(text: string): Writer {
		this.reserve(text.length);
		for (let i = 0; i < text.length; i++) this.buffer[this.used++] = <u8>text.charCodeAt(i);
		return this;
	}

	octets(octets: Uint8Array): Writer {
		this.reserve(octets.length);
		memory.copy(this.buffer.dataStart + this.used, octets.dataStart, octets.length);
		this.used += octets.length;
		return this;
	}

	base64(octets: Uint8Array): Writer {
		this.reserve(base64Length(octets.length));
		this.used += encodeBase64(octets, this.buffer, this.used);
		return this;
	}

	/** The octets written so far; valid until the next write. */
	written(): Uint8Array {
		return this.buffer.subarray(0, this.used);
	}

	private reserve(more: i32): void {
		if (this.used + more <= this.buffer.length) return;
		const larger = new Uint8Array(max(this.buffer.length * 2, this.used + more));
		memory.copy(larger.dataStart, this.buffer.dataStart, this.used);
		this.buffer = larger;
	}
}
