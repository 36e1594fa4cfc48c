/** Digits in semi-octets, low half first; an odd number ends with F (TS 24.008, TS 29.002 TBCD). */
export const toBcd = (digits: string): Buffer =>
	Buffer.from(
		(`${digits}${digits.length % 2 === 1 ? "f" : ""}`.match(/../g) ?? [])
			.map(([low, high]) => `${high}${low}`)
			.join(""),
		"hex",
	);

/** Undefined where the octets are no digits. */
export function fromBcd(octets: Uint8Array): string | undefined {
	const halves = [...octets].map((octet) => `${(octet & 15).toString(16)}${(octet >> 4).toString(16)}`).join("");
	const digits = halves.replace(/f$/, "");
	return /^\d*$/.test(digits) ? digits : undefined;
}
