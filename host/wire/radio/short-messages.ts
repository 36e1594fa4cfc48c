import { BOOTSTRAP_TYPE } from "../push/delivery.ts";

/** What short messages between home operator and M2ME carry (docs/documents.md, "Short messages"). */
export const contentTypes = {
	/** Down: a signed bootstrap, in its binary form. */
	bootstrap: BOOTSTRAP_TYPE,
	/** Down: the operator asks for the TRE's receipt; the body is its challenge, 0 to 64 octets. */
	receiptRequest: "application/vnd.x-m2m.receipt-request",
	/** Up: the signed TREReceipt. */
	receipt: "application/vnd.x-m2m.receipt+xml",
} as const;
