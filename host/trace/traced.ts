/** One thing that a message says. Values of `fields` are what people may see: secrets are masked before they get here. */
export interface Part {
	/** Of the 3GPP text, or the OMA document where the text leaves it to OMA. */
	readonly clause: string;
	readonly what: string;
	readonly fields: readonly (readonly [name: string, value: string])[];
}

/** A message that was sent, and what it means. */
export interface Traced {
	/** Where it lies, inside the folder. */
	readonly file: string;
	readonly from: string;
	readonly to: string;
	readonly parts: readonly Part[];
}

/** A secret, or what somebody else's secret was made with: that it is there, and no more. */
export const masked = (octets: Uint8Array): string => `${octets.length} octets, masked`;

const SHOWN = 8;

/** The beginning of something that is public and only has to be recognised. */
export const recognisable = (octets: Uint8Array): string =>
	octets.length === 0
		? "none"
		: `${Buffer.from(octets.subarray(0, SHOWN)).toString("hex")}${octets.length > SHOWN ? "…" : ""} (${octets.length} octets)`;
