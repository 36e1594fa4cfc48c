/** Well-known media types that are read and written by their number (OMNA, WSP content types). */
export const wellKnownMedia = new Map<number, string>([
	[0x36, "application/vnd.wap.connectivity-wbxml"],
	[0x44, "application/vnd.syncml.notification"],
]);

/** Who vouches for a provisioning document, and with what (OMA ProvBoot 1.1). */
export const securityMethods = ["NETWPIN", "USERPIN", "USERNETWPIN", "USERPINMAC"] as const;
export type SecurityMethod = (typeof securityMethods)[number];

/** Well-known parameters of a content type. */
export const SEC = 0x11;
export const MAC = 0x12;

/** WDP port of connectionless pushes, and the one they come from. */
export const PUSH_PORT = 2948;
export const SOURCE_PORT = 9200;
