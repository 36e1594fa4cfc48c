import { X509Certificate } from "node:crypto";
import { type Receipt, readReceipt } from "../../../../host/wire/management/objects.ts";
import { Refusal } from "../../shared/http.ts";
import type { Registration } from "../store.ts";

/** May the TRE hold, or still install, an MCIM of this registration? Before its request none was handed out. */
export const mayHaveMcim = ({ nonceB }: Registration): boolean => nonceB !== undefined;

/**
 * Does a receipt prove that the MCIM of this registration is not in use and never will be? Either it
 * names the registration's nonceB and how that change ended, or it answers this operator's challenge
 * and the TRE's latest change is another one.
 */
export function provesEnd(registration: Registration, receipt: Receipt): boolean {
	const ours = receipt.nonceB.toString("base64") === registration.nonceB;
	if (ours) return receipt.state === "withdrawn" || receipt.state === "reverted";
	const challenge = Buffer.from(registration.challenge ?? "", "base64");
	return challenge.length > 0 && receipt.challenge.subarray(-challenge.length).equals(challenge);
}

/** Verifies what SHO[i] passes on of the TRE; refused by name. */
export function readPassedOn(registration: Registration, document: string | undefined): Receipt {
	if (document === undefined)
		throw new Refusal("receipt-missing", "the TRE may hold the MCIM; only its receipt counts");
	const key = new X509Certificate(Buffer.from(registration.certSign, "base64")).publicKey;
	let receipt: Receipt;
	try {
		receipt = readReceipt(document, key);
	} catch (error) {
		throw new Refusal("receipt-invalid", (error as Error).message);
	}
	if (receipt.treId !== registration.treId) throw new Refusal("receipt-mismatch", "the receipt is of another TRE");
	return receipt;
}
