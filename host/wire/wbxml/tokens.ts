/** Global tokens of WBXML 1.3. */
export const SWITCH_PAGE = 0x00;
export const END = 0x01;
export const ENTITY = 0x02;
export const STR_I = 0x03;
export const LITERAL = 0x04;
export const PI = 0x43;
export const STR_T = 0x83;
export const OPAQUE = 0xc3;

/** EXT_I_n, EXT_T_n, EXT_n, and LITERAL with content or attributes, are told by these. */
export const isExtension = (token: number): boolean =>
	[0x40, 0x41, 0x42, 0x80, 0x81, 0x82, 0xc0, 0xc1, 0xc2].includes(token);
export const isLiteral = (token: number): boolean => (token & 0x3f) === LITERAL;

/** Flags of a tag token. */
export const HAS_ATTRIBUTES = 0x80;
export const HAS_CONTENT = 0x40;
export const TAG = 0x3f;

export const VERSION = 0x03;
/** IANA's number of UTF-8. */
export const UTF_8 = 0x6a;

/** Character sets by their MIBenum (IANA) that are read; 0 is one that nobody named. */
export const charsets: ReadonlyMap<number, "utf-8" | "us-ascii" | "iso-8859-1"> = new Map([
	[0, "utf-8"],
	[3, "us-ascii"],
	[4, "iso-8859-1"],
	[UTF_8, "utf-8"],
]);
