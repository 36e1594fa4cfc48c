import type { ReceiptState } from "../../../firmware/contract/documents.ts";
import { type Collection, Database } from "../shared/database.ts";
import type { StoredIdentity } from "../shared/identity.ts";

/** A subscription in the HLR/AuC. Octets are hex. */
export interface Subscriber {
	readonly imsi: string;
	readonly k: string;
	readonly opc: string;
	/** Last SEQ that a vector was made for (TS 33.102 Annex C). */
	readonly seq: number;
	/** Visited network that last reported the subscriber. */
	readonly vno?: string;
}

/** A device that this operator serves as current SHO. */
export interface Device {
	readonly treId: string;
	/** CertTRE for signatures and for encryption, base64 DER. */
	readonly certSign: string;
	readonly certEncrypt: string;
	readonly imsi: string;
	readonly reign: string;
	readonly serial: number;
	/** The signed initial bootstrap, sent again unchanged until the device uses its NAPDEF. */
	readonly initial?: string;
	/** It has used, or does not need, the NAPDEF of an initial bootstrap. */
	readonly bootstrapped: boolean;
	/** A receipt said that another SHO has taken over. */
	readonly left: boolean;
}

/** At SHO[i]: a change to SHO[i+1] that it was told of (B.2.3.2 step 2). */
export interface OutgoingChange {
	readonly treId: string;
	readonly toSho: string;
	readonly provUrl: string;
	readonly certificate: string;
	readonly account: string;
	readonly state: "registered" | "sent" | "committed";
	/** The signed bootstrap, sent again unchanged until the change has happened. */
	readonly sent?: string;
}

/** At SHO[i+1]: a subscription of a device that another operator still serves (B.2.3.2 step 1). */
export interface Registration {
	readonly treId: string;
	readonly certSign: string;
	readonly certEncrypt: string;
	readonly fromSho: string;
	readonly imsi: string;
	readonly mcimId: string;
	readonly protectedMcim: string;
	readonly accountHash: string;
	readonly nonceA: string;
	readonly user: string;
	readonly clientPassword: string;
	readonly serverPassword: string;
	/** Nonces for the next credential of client and of server, base64. */
	readonly serverNonce: string;
	readonly clientNonce: string;
	readonly nonceB?: string;
	/** What receipts have said so far; a DM status never counts. */
	readonly state: "registered" | "requested" | Extract<ReceiptState, "installed" | "committed">;
	/** Receipt of a committed change that the former SHO has not heard of yet. */
	readonly untold?: string;
	readonly told?: boolean;
}

/** Everything an operator holds. */
export class OperatorStore {
	readonly subscribers: Collection<Subscriber>;
	readonly devices: Collection<Device>;
	readonly outgoing: Collection<OutgoingChange>;
	readonly registrations: Collection<Registration>;
	/** Answers to peers' messages by id: a repeated message has no second effect. */
	readonly answered: Collection<object>;
	/** nonceB of committed receipts by TRE_id: each ends one reign, once. */
	readonly ended: Collection<{ nonceB: string }>;
	readonly identities: Collection<StoredIdentity>;
	readonly #database: Database;

	constructor(folder: string) {
		this.#database = new Database(`${folder}/operator.db`);
		this.subscribers = this.#database.collection("subscriber");
		this.devices = this.#database.collection("device");
		this.outgoing = this.#database.collection("outgoing");
		this.registrations = this.#database.collection("registration");
		this.answered = this.#database.collection("answered");
		this.ended = this.#database.collection("ended");
		this.identities = this.#database.collection("identity");
	}

	close(): void {
		this.#database.close();
	}
}
