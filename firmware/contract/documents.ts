/**
 * Shapes of the documents that operators and the TRE exchange (documents.md), for those who write
 * or read them outside the TRE.
 */
export const M2M_NAMESPACE = "urn:x-m2m:tre:1";

/** Tags of protected data, B.2.3.6. 1 (algorithm) is kept for later. */
export const tags = { update: 2, mcim: 3, account: 4 } as const;

/** What protected data of the tag `update` is of: a firmware, or nothing any more. */
export const updateOf = { firmware: "firmware", none: "none" } as const;

/** How PIK and PCK are wrapped, their octets, and the hash of wrap and HMAC, by suite. */
export const suites = {
	1: { wrap: "rsa-oaep", integrity: 20, confidentiality: 16, hash: "sha1", cipher: "aes-128-cbc" },
	2: { wrap: "rsa-oaep", integrity: 32, confidentiality: 32, hash: "sha256", cipher: "aes-256-cbc" },
	3: { wrap: "ecies-p256", integrity: 32, confidentiality: 32, hash: "sha256", cipher: "aes-256-cbc" },
} as const;

/** `info` of HKDF in suite 3. */
export const ECIES_INFO = "TRE suite 3";

export type Suite = keyof typeof suites;

/** Children of TREInfo in M2MM, in order. */
export const treInfoFields = [
	"Type",
	"Version",
	"Target",
	"Entropy",
	"Suites",
	"Algorithms",
	"Forms",
	"Modules",
] as const;

/** State of a TREReceipt. */
export const receiptStates = [
	"idle",
	"bootstrapped",
	"requested",
	"installed",
	"trial",
	"committed",
	"reverted",
	"withdrawn",
] as const;
export type ReceiptState = (typeof receiptStates)[number];

/** Extended key usage of CertTRE: an arc of our own, 1.3.6.1.3 is IANA's for experiments. */
export const TRE_KEY_USAGE = "1.3.6.1.3.33812.1";
