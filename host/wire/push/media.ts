/** Well-known media types that are read and written by their number (OMNA, WSP content types). */
export const wellKnownMedia = new Map<number, string>([
	[0x36, "application/vnd.wap.connectivity-wbxml"],
	[0x42, "application/vnd.syncml.dm+wbxml"],
	[0x43, "application/vnd.syncml.dm+xml"],
	[0x44, "application/vnd.syncml.notification"],
]);

/** Bootstraps of the other OMA profile (DM Bootstrap 1.2.1, DM profile): known by name, and left alone. */
export const dmBootstraps: readonly string[] = ["application/vnd.syncml.dm+wbxml", "application/vnd.syncml.dm+xml"];

/** Who vouches for a provisioning document, and with what (OMA ProvBoot 1.1). */
export const securityMethods = ["NETWPIN", "USERPIN", "USERNETWPIN", "USERPINMAC"] as const;
export type SecurityMethod = (typeof securityMethods)[number];

/** Well-known parameters of a content type. */
export const SEC = 0x11;
export const MAC = 0x12;

/** WDP port of connectionless pushes, and the one they come from. */
export const PUSH_PORT = 2948;
export const SOURCE_PORT = 9200;
