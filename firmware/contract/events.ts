/** What the audit trail of a TRE tells of: what changed trust or subscriptions. Numbers are never given twice. */
export const logEvents = {
	locked: 1,
	"change-accepted": 3,
	"mcim-installed": 4,
	"trial-begun": 5,
	committed: 6,
	reverted: 7,
	withdrawn: 8,
	/** Firmware: root and mcimId stand for the first octets of its digest, and of the bundle's. */
	"update-received": 9,
	"update-confirmed": 10,
	"update-rolled-back": 11,
	/** Root of the SHO that offers, and in place of the mcimId the first octets of the bundle's digest. */
	"update-offered": 12,
} as const;

export type LogEvent = keyof typeof logEvents;

/**
 * An entry: index(4) | boot counter(4) | event(4) | first 8 octets of the root's hash | first 8 octets of the
 * mcimId; big endian. Root and MCIM are those of the change that the event belongs to; zeros where there is none.
 */
export const LOG_ENTRY_OCTETS = 28;
/** The newest that are kept. */
export const LOG_ENTRIES = 32;
