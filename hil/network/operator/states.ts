import type { ReceiptState } from "../../../firmware/contract/documents.ts";

/**
 * Where a registration at SHO[i+1] stands. Receipts say so, never a DM status; `withdrawing` lasts from the
 * subscriber's word until it is sure that the change cannot happen any more.
 */
export type RegistrationState =
	| "registered"
	| "requested"
	| "refused"
	| "withdrawing"
	| Extract<ReceiptState, "installed" | "committed" | "withdrawn" | "reverted">;

/** The change may still happen. */
export const isUnderWay = (state: RegistrationState): boolean =>
	state === "registered" || state === "requested" || state === "installed" || state === "withdrawing";

/** The TRE may still ask for its MCIM. */
export const mayAsk = (state: RegistrationState): boolean => state === "registered" || state === "requested";
