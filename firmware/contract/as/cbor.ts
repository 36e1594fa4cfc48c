/**
 * Deterministic CBOR (RFC 8949 section 4.2.1) in the subset of the contract: definite arrays,
 * unsigned integers below 2^32, byte strings, text strings, booleans.
 *
 * The reader refuses anything else, and every encoding that is not the shortest.
 */
export class CborReader {
	private at: i32 = 0;
	private bad: bool = false;

	constructor(private input: Uint8Array) {}

	/** True when all input was read and all of it was well-formed. */
	finished(): bool {
		return !this.bad && this.at == this.input.length;
	}

	failed(): bool {
		return this.bad;
	}

	/** Number of elements of an array. */
	array(): u32 {
		return this.head(4);
	}

	uint(): u32 {
		return this.head(0);
	}

	bytes(): Uint8Array {
		return this.string(2);
	}

	/** The octets of a text string of printable ASCII. */
	text(): Uint8Array {
		const octets = this.string(3);
		for (let i = 0; i < octets.length; i++) {
			if (octets[i] < 0x20 || octets[i] > 0x7e) this.bad = true;
		}
		return octets;
	}

	bool(): bool {
		const octet = this.octet();
		if (octet != 0xf4 && octet != 0xf5) this.bad = true;
		return octet == 0xf5;
	}

	private octet(): u32 {
		if (this.bad || this.at >= this.input.length) {
			this.bad = true;
			return 0;
		}
		return this.input[this.at++];
	}

	private head(major: u32): u32 {
		const first = this.octet();
		const info = first & 31;
		if (first >> 5 != major || info > 26) {
			this.bad = true;
			return 0;
		}
		if (info < 24) return info;
		let value: u32 = 0;
		for (let i = 1 << (info - 24); i > 0; i--) value = (value << 8) | this.octet();
		const least: u32 = info == 24 ? 24 : info == 25 ? 0x100 : 0x10000;
		if (value < least) this.bad = true;
		return this.bad ? 0 : value;
	}

	private string(major: u32): Uint8Array {
		const length = this.head(major);
		if (this.bad || length > <u32>(this.input.length - this.at)) {
			this.bad = true;
			return new Uint8Array(0);
		}
		const start = this.at;
		this.at += <i32>length;
		return this.input.subarray(start, this.at);
	}
}

/** Writes into a buffer of fixed size; what does not fit sets `overflowed`. */
export class CborWriter {
	length: i32 = 0;
	overflowed: bool = false;

	constructor(private output: Uint8Array) {}

	array(count: u32): void {
		this.head(4, count);
	}

	uint(value: u32): void {
		this.head(0, value);
	}

	bytes(octets: Uint8Array): void {
		this.head(2, octets.length);
		this.append(octets);
	}

	text(octets: Uint8Array): void {
		this.head(3, octets.length);
		this.append(octets);
	}

	bool(value: bool): void {
		this.octet(value ? 0xf5 : 0xf4);
	}

	private octet(value: u32): void {
		if (this.length >= this.output.length) {
			this.overflowed = true;
			return;
		}
		this.output[this.length++] = <u8>value;
	}

	private append(octets: Uint8Array): void {
		if (octets.length > this.output.length - this.length) {
			this.overflowed = true;
			return;
		}
		memory.copy(this.output.dataStart + this.length, octets.dataStart, octets.length);
		this.length += octets.length;
	}

	private head(major: u32, value: u32): void {
		const top = major << 5;
		if (value < 24) {
			this.octet(top | value);
			return;
		}
		const width = value < 0x100 ? 1 : value < 0x10000 ? 2 : 4;
		this.octet(top | (width == 1 ? 24 : width == 2 ? 25 : 26));
		for (let i = width - 1; i >= 0; i--) this.octet((value >> (8 * i)) & 0xff);
	}
}
