import type { updateOf } from "../../../firmware/contract/documents.ts";
import type { DmAccount } from "../../../host/wire/prov/account.ts";
import type { PeerMessage } from "./messages.ts";
import type { RegistrationState } from "./states.ts";

/** A subscription in the HLR/AuC. Octets are hex. */
export interface Subscriber {
	readonly imsi: string;
	readonly k: string;
	/** Empty where OP stands in its place. */
	readonly opc: string;
	/** OP, where the operator keeps that and not OPc. */
	readonly op?: string;
	/** r1 to r5 in bits, and c1 to c5 in hex, where they are not the standard ones (TS 35.206 clause 5.3). */
	readonly constants?: { readonly r: readonly number[]; readonly c: readonly string[] };
	/** Digits, without `+`. */
	readonly msisdn?: string;
}

/** Sequence numbers of a subscriber (TS 33.102 Annex C): the next one is behind `seq`. */
export interface Sequence {
	readonly seq: number;
	/** Every SEQ that may have been given out here, first and last; missing where the numbers came from elsewhere. */
	readonly spans?: readonly (readonly [first: number, last: number])[];
}

/** Visited network that last reported a subscriber. */
export interface Location {
	readonly vno: string;
}

/** A visited network, and the IND of its vectors (TS 33.102 C.1.1.3). */
export interface Peer {
	readonly ind: number;
}

/** What a peer's message was answered with. */
export interface Answered {
	readonly answer: object;
}

export interface Ended {
	/** base64 */
	readonly nonceB: string;
}

/** A device that this operator serves as current SHO. */
export interface Device {
	readonly treId: string;
	/** CertTRE for signatures and for encryption, base64 DER. */
	readonly certSign: string;
	readonly certEncrypt: string;
	readonly imsi: string;
	/** The PVA whose factory made it, at its first SHO. */
	readonly madeBy?: string;
	readonly reign: string;
	/** The highest SERIAL that was signed, or that a receipt named. */
	readonly serial: number;
	/** The signed initial bootstrap, sent again unchanged until the device uses its NAPDEF. */
	readonly initial?: SignedBootstrap;
	/** It has used, or does not need, the NAPDEF of an initial bootstrap. */
	readonly bootstrapped: boolean;
	/** Accounts of M2M applications that the TRE has not accepted yet, in order; they wait while a change is open. */
	readonly applications?: readonly PendingApplication[];
	/** The firmware that this operator offers, or offered last. */
	readonly offer?: FirmwareOffer;
	/** Challenge of the receipt that was asked for and has not come yet, base64. */
	readonly challenge?: string;
	/** SHA-256 of the release code that came with the device, hex. */
	readonly releaseCode?: string;
	/** What the former SHO still has to get: a receipt that carries its challenge. */
	readonly owes?: { readonly to: string; readonly changeId: string; readonly challenge?: string };
	/** A receipt said that another SHO has taken over. */
	readonly left: boolean;
}

/** A bootstrap as it was signed: it can have its effect once, in that reign, until a higher SERIAL was accepted. */
export interface SignedBootstrap {
	readonly reign: string;
	readonly serial: number;
	/** The document that is sent. */
	readonly sent: string;
	/** When the service centre got it, milliseconds: every sending of it is the same octets. */
	readonly at: number;
}

/** An account for another context than MCIM provisioning, on its way to the device (B.2.3.3). */
export interface PendingApplication {
	readonly account: DmAccount;
	/** Sent again unchanged until a receipt names its SERIAL as the highest accepted one. */
	readonly bootstrap?: SignedBootstrap;
}

/** What is offered to a device (B.2.3.6, tag update), and the DM account of the sessions about it. */
export interface FirmwareOffer {
	/** Of this offer: the same firmware may be offered again. */
	readonly id: string;
	/** `none` takes back what was offered before. */
	readonly what: keyof typeof updateOf;
	/** SHA-256 over the headers of the bundle, hex; its octets are the package of that name. Empty for `none`. */
	readonly digest: string;
	readonly version: string;
	/** Protected for the TRE, base64. */
	readonly object: string;
	readonly account: DmCredentials & { readonly object: string };
	/** What the TRE has until it takes this one. */
	readonly former?: DmCredentials;
	readonly state: OfferState;
}

/** How far an offer is. What the device says of its end is its host's word, and proves nothing. */
export type OfferState =
	| {
			readonly kind: "offered";
			/** Sent again unchanged until a receipt or a DM session shows that the TRE has taken it. */
			readonly bootstrap?: SignedBootstrap;
			/** Receipts in which the TRE had not taken it. */
			readonly untaken: number;
	  }
	| { readonly kind: "accepted"; readonly bootstrap?: SignedBootstrap }
	/** FUMO result code. */
	| { readonly kind: "ended"; readonly result: number }
	/** A receipt says that the TRE knows of it. */
	| { readonly kind: "withdrawn" };

/** A bundle that devices may fetch. */
export interface FirmwarePackage {
	readonly board: string;
	readonly version: string;
	/** base64 */
	readonly octets: string;
}

/** What a DPF and a TRE show each other; nonces are those of the next credential of each, base64. */
export interface DmCredentials {
	readonly user: string;
	readonly clientPassword: string;
	readonly serverPassword: string;
	readonly serverNonce: string;
	readonly clientNonce: string;
}

/** At SHO[i]: a change to SHO[i+1] that it was told of (B.2.3.2 step 2). */
export interface OutgoingChange {
	readonly treId: string;
	/** The new SHO's name for this attempt, and which attempt on this device it is. */
	readonly changeId: string;
	readonly attempt: number;
	readonly toSho: string;
	readonly provUrl: string;
	readonly certificate: string;
	readonly account: string;
	/** `sent` once the bootstrap is signed; the last three only after a receipt said so, or where nothing was signed. */
	readonly state: "registered" | "sent" | "withdrawing" | "committed" | "withdrawn" | "reverted";
	/** Sent again unchanged until the change has happened or ended. */
	readonly bootstrap?: SignedBootstrap;
	/** The withdrawing bootstrap. */
	readonly withdrawal?: SignedBootstrap;
	/** An initial bootstrap that spends the SERIAL of a change that the TRE has not seen. */
	readonly voiding?: SignedBootstrap;
	/** What this operator wants to find in the receipt that says "committed", base64. */
	readonly challenge: string;
	/** What the new SHO wants to find in the receipt of a withdrawal, base64. */
	readonly peerChallenge?: string;
	/** The change has ended, and the new SHO wants to see it again, in a receipt with its challenge. */
	readonly again?: boolean;
	/** How often it has wanted that. */
	readonly shown?: number;
	/** The change ends because the TRE does not take it, not because somebody withdrew it. */
	readonly refused?: boolean;
	/** The bootstrap was acknowledged after the last receipt. */
	readonly offered?: boolean;
	/** Receipts in a row in which the TRE had not taken the bootstrap that it was offered. */
	readonly untaken?: number;
	/** The device has acknowledged the bootstrap: good to know, proves nothing. */
	readonly delivered?: boolean;
}

/** At SHO[i+1]: a subscription of a device that another operator still serves (B.2.3.2 step 1). */
export interface Registration extends DmCredentials {
	readonly treId: string;
	readonly changeId: string;
	readonly attempt: number;
	/** Attempts of this subscription, this one included. */
	readonly tries: number;
	readonly certSign: string;
	readonly certEncrypt: string;
	readonly fromSho: string;
	readonly imsi: string;
	readonly mcimId: string;
	readonly protectedMcim: string;
	readonly accountHash: string;
	readonly nonceA: string;
	/** Every nonceB that an MCIM was handed out for: a superseding bootstrap draws another one for the same account. */
	readonly answered: readonly string[];
	readonly state: RegistrationState;
	/** The subscriber has withdrawn: no further attempt. */
	readonly unwanted?: boolean;
	/** SHO[i] says that the device has the bootstrap: good to know, proves nothing. */
	readonly delivered?: boolean;
	/** What this operator wants to find in the receipt of a withdrawal, base64. */
	readonly challenge?: string;
	/** SHO[i] says that the device went back; a receipt with the challenge is to say so, too. */
	readonly returning?: boolean;
	/** Why SHO[i] refused, or why a retry did not come about. */
	readonly why?: string;
	/** The former SHO has heard that the change is committed. */
	readonly told?: boolean;
	/** What the current SHO wants to find in the receipt that says "committed", base64. */
	readonly fromChallenge?: string;
	/** What the subscriber gave to be shown to the current SHO, while there may be another attempt. */
	readonly shownCode?: string;
	/** SHA-256 of the release code that the subscriber chose for his next change, hex. */
	readonly releaseCode: string;
}

/** A message to another operator that it has not heard yet. */
export interface Letter {
	readonly id: string;
	/** Letters are carried in the order in which they were written. */
	readonly order: number;
	readonly to: string;
	readonly message: PeerMessage;
	readonly body: { readonly treId: string; readonly changeId: string };
}

/** A receipt that was believed, as the TRE signed it: what the registers say rests on these. */
export interface KeptReceipt {
	readonly at: string;
	readonly treId: string;
	readonly state: string;
	readonly document: string;
}

/** What changed in the registers, in plain words. */
export interface AuditEntry {
	readonly at: string;
	readonly treId?: string;
	readonly imsi?: string;
	readonly what: string;
}
