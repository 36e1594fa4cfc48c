/** Octets that parsers treat in a way of their own. */
const special = [
	0, 1, 0x7f, 0x80, 0xff, 0x22, 0x26, 0x3c, 0x3e, 0x30, 0x39, 0x18, 0x19, 0x1a, 0x1b, 0x58, 0x59, 0x5f, 0x9f,
];
const MAX_LENGTH = 6000;

/** Pieces that a parser knows; whole ones are put in and left out more easily than octet by octet. */
export type Dictionary = readonly Uint8Array[];

export class Mutator {
	readonly #random: () => number;
	readonly #dictionary: Dictionary;

	constructor(random: () => number, dictionary: Dictionary) {
		this.#random = random;
		this.#dictionary = dictionary;
	}

	/** The input with one to eight changes. */
	mutate(input: Uint8Array, other: Uint8Array): Buffer {
		let octets: Buffer = Buffer.from(input);
		const changes = 1 + this.#below(this.#random() < 0.6 ? 2 : 8);
		for (let n = 0; n < changes; n++) octets = this.#change(octets, other);
		return octets.subarray(0, MAX_LENGTH);
	}

	#below(limit: number): number {
		return Math.floor(this.#random() * limit);
	}

	#change(octets: Buffer, other: Uint8Array): Buffer {
		const at = this.#below(octets.length + 1);
		const kinds = [
			() => this.#set(octets, at, (octets[at] ?? 0) ^ (1 << this.#below(8))),
			() => this.#set(octets, at, special[this.#below(special.length)]),
			() => this.#set(octets, at, this.#below(256)),
			() => this.#set(octets, at, (octets[at] ?? 0) + (this.#random() < 0.5 ? 1 : 255)),
			() => octets.subarray(0, at),
			() => Buffer.concat([octets.subarray(0, at), octets.subarray(at + 1 + this.#below(this.#span()))]),
			() => Buffer.concat([octets.subarray(0, at), octets.subarray(Math.max(0, at - this.#below(this.#span())))]),
			() => this.#insert(octets, at, this.#word()),
			() => this.#insert(octets, at, Buffer.alloc(1 + this.#below(40), this.#below(256))),
			() => this.#spliced(octets, at, other),
			() => this.#withoutWord(octets),
		];
		return kinds[this.#below(kinds.length)]();
	}

	#span(): number {
		return this.#random() < 0.7 ? 8 : 400;
	}

	#word(): Uint8Array {
		return this.#dictionary[this.#below(this.#dictionary.length)] ?? Buffer.from([this.#below(256)]);
	}

	#set(octets: Buffer, at: number, value: number): Buffer {
		if (at < octets.length) octets[at] = value;
		return octets;
	}

	#insert(octets: Buffer, at: number, more: Uint8Array): Buffer {
		return Buffer.concat([octets.subarray(0, at), more, octets.subarray(at)]);
	}

	#spliced(octets: Buffer, at: number, other: Uint8Array): Buffer {
		return Buffer.concat([octets.subarray(0, at), other.subarray(this.#below(other.length + 1))]);
	}

	/** A word that stands in the input is left out, or another takes its place. */
	#withoutWord(octets: Buffer): Buffer {
		const word = this.#word();
		const at = octets.indexOf(word);
		if (at < 0) return octets;
		const instead = this.#random() < 0.5 ? this.#word() : new Uint8Array(0);
		return Buffer.concat([octets.subarray(0, at), instead, octets.subarray(at + word.length)]);
	}
}
