import { OctetReader } from "../octet-reader.ts";
import { WbxmlError, type WbxmlRefusal } from "./error.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Throws where the octets are none of the character set. */
const decoders = {
	"utf-8": (octets: Uint8Array): string => utf8.decode(octets),
	"iso-8859-1": (octets: Uint8Array): string => Buffer.from(octets).toString("latin1"),
	"us-ascii": (octets: Uint8Array): string => {
		if (octets.some((octet) => octet > 0x7f)) throw new TypeError("not US-ASCII");
		return Buffer.from(octets).toString("latin1");
	},
} as const;

export class WbxmlReader extends OctetReader<WbxmlRefusal> {
	charset: keyof typeof decoders = "utf-8";

	refuse(refusal: WbxmlRefusal, at = this.at): never {
		throw new WbxmlError(refusal, at);
	}

	/** mb_u_int32, in its shortest form only. */
	integer(): number {
		const from = this.at;
		let value = 0;
		for (let count = 0; count < 5; count++) {
			const octet = this.octet();
			if (count === 0 && octet === 0x80) this.refuse("integer", from);
			value = value * 128 + (octet & 0x7f);
			if (value >= 2 ** 32) this.refuse("integer", from);
			if ((octet & 0x80) === 0) return value;
		}
		return this.refuse("integer", from);
	}

	/** Octets up to a NUL, which goes with them. */
	terminated(maxLength: number, inAttribute: boolean): string {
		const from = this.at;
		const end = this.octets.indexOf(0, from);
		if (end < 0) return this.refuse("end-of-input", this.end);
		if (end - from > maxLength) this.refuse("too-long", from);
		this.at = end + 1;
		return this.text(this.octets.subarray(from, end), from, inAttribute);
	}

	/** Octets in the document's character set, of characters that XML has. */
	text(octets: Uint8Array, at: number, inAttribute: boolean): string {
		let text: string;
		try {
			text = decoders[this.charset](octets);
		} catch {
			return this.refuse("character", at);
		}
		if (!isText(text, inAttribute)) this.refuse("character", at);
		return text;
	}
}

const LINES: readonly number[] = [0x09, 0x0a, 0x0d];

/** No control character or non-character; lines end in a text, never in an attribute's value. */
export function isText(text: string, inAttribute: boolean): boolean {
	for (let n = 0; n < text.length; n++) {
		const code = text.charCodeAt(n);
		if (code >= 0x20 && code !== 0x7f && code < 0xfffe) continue;
		if (inAttribute || !LINES.includes(code)) return false;
	}
	return true;
}
