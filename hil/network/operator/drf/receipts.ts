import { randomBytes, X509Certificate } from "node:crypto";
import { SignatureError } from "../../../../host/wire/dsig/signature.ts";
import { ManagementObjectError, type Receipt, readReceipt } from "../../../../host/wire/management/objects.ts";
import { Refused } from "../../../../host/wire/refused.ts";
import { Refusal } from "../../shared/refusal.ts";
import { rootHash } from "../../shared/registry.ts";
import type { OperatorContext } from "../context.ts";
import { CHALLENGE_OCTETS } from "../messages.ts";
import type { Device } from "../records.ts";

/**
 * Receipts that SHO[i] asks for: each answers a challenge of its own, once. The device needs no
 * account and no IP connectivity for it; the TRE's signature is all that counts.
 */
export class ReceiptDesk {
	readonly #context: OperatorContext;

	constructor(context: OperatorContext) {
		this.#context = context;
	}

	/** The challenge that is to go to the device; the same until it is answered. `peer`: what the new SHO wants in it. */
	challenge(device: Device, peer = ""): Buffer {
		const known = device.challenge === undefined ? undefined : Buffer.from(device.challenge, "base64");
		const tail = Buffer.from(peer, "base64");
		if (known?.subarray(CHALLENGE_OCTETS).equals(tail)) return known;
		const challenge = Buffer.concat([randomBytes(CHALLENGE_OCTETS), tail]);
		this.#context.store.devices.update(device.treId, { challenge: challenge.toString("base64") });
		return challenge;
	}

	/** Verifies an answer and takes over the REIGN and SERIAL it names; refuses by name what was not asked for. */
	take(device: Device, document: string): Receipt {
		const receipt = this.#read(device, document);
		if (receipt.treId !== device.treId) throw new Refusal("receipt-mismatch", "the receipt is of another TRE");
		if (device.challenge === undefined || receipt.challenge.toString("base64") !== device.challenge)
			throw new Refusal("receipt-not-asked", "the receipt answers no open challenge");
		if (!receipt.currentRoot.equals(rootHash(this.#context.keys.root.certificate)))
			throw new Refusal("receipt-mismatch", "the receipt names another current root");
		this.#context.store.believe(receipt, document);
		this.#context.store.devices.update(device.treId, {
			challenge: undefined,
			reign: receipt.reign,
			serial: Math.max(device.serial, receipt.serial),
		});
		return receipt;
	}

	#read(device: Device, document: string): Receipt {
		try {
			return readReceipt(document, new X509Certificate(Buffer.from(device.certSign, "base64")).publicKey);
		} catch (error) {
			const named = [SignatureError, Refused, ManagementObjectError].some((kind) => error instanceof kind);
			if (named) throw new Refusal("receipt-invalid", (error as Error).message);
			throw error;
		}
	}
}
