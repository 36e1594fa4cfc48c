import { X509Certificate } from "node:crypto";
import { type Receipt, readReceipt } from "../../../../host/wire/management/objects.ts";
import { Refusal } from "../../shared/refusal.ts";
import type { Registration } from "../records.ts";

type Asked = Pick<Registration, "answered" | "challenge">;

/** May the TRE hold, or still install, an MCIM of this registration? Before its request none was handed out. */
export const mayHaveMcim = ({ answered }: Asked): boolean => answered.length > 0;

/** Does the receipt say that the change of one of this registration's MCIMs ended without success? */
export function saysEnd({ answered }: Asked, receipt: Receipt): boolean {
	const ours = answered.includes(receipt.nonceB.toString("base64"));
	return ours && (receipt.state === "withdrawn" || receipt.state === "reverted");
}

/**
 * Does the receipt prove that no MCIM of this registration is in use or ever will be? One that answers
 * this operator's challenge does where the TRE's latest change is another one, or has ended. An older one
 * says it of its own nonceB only, which is enough where no other was answered.
 */
export function provesEnd(registration: Asked, receipt: Receipt): boolean {
	const challenge = Buffer.from(registration.challenge ?? "", "base64");
	const fresh = challenge.length > 0 && receipt.challenge.subarray(-challenge.length).equals(challenge);
	const ended = saysEnd(registration, receipt);
	if (fresh) return ended || !registration.answered.includes(receipt.nonceB.toString("base64"));
	return ended && registration.answered.length === 1;
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
