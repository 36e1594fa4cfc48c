/** The default alphabet of short messages (TS 23.038 clause 6.2.1), by code; what escapes to another table reads as a space. */
const letters =
	"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

const ESCAPE = "\u001b";
const BITS = 7;

/** Letters of packed septets, as many as fit. */
export function unpackSeptets(octets: Uint8Array, count: number): string {
	let text = "";
	for (let n = 0; n < count; n++) {
		const at = n * BITS;
		const pair = ((octets[at >> 3] ?? 0) | ((octets[(at >> 3) + 1] ?? 0) << 8)) >> (at & 7);
		text += letters[pair & 0x7f];
	}
	return text.replaceAll(ESCAPE, " ");
}

/** Undefined where a letter is not in the alphabet. */
export function packSeptets(text: string): Uint8Array | undefined {
	const octets = new Uint8Array(Math.ceil((text.length * BITS) / 8));
	for (let n = 0; n < text.length; n++) {
		const code = letters.indexOf(text[n] as string);
		if (code < 0) return undefined;
		const at = n * BITS;
		octets[at >> 3] = (octets[at >> 3] as number) | ((code << (at & 7)) & 0xff);
		if ((at & 7) > 1) octets[(at >> 3) + 1] = (octets[(at >> 3) + 1] as number) | (code >> (8 - (at & 7)));
	}
	return octets;
}
