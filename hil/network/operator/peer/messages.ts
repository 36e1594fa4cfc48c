/**
 * What operators say to each other by mutual TLS (docs/documents.md, "Operator to operator"). Each
 * message has an id, and may be repeated without effect. Octets are base64.
 */
interface About {
	readonly treId: string;
	/** The new SHO's name for this attempt to take the device over. */
	readonly changeId: string;
}

interface WithReceipt extends About {
	/** The TRE's signed receipt; missing where no bootstrap was ever signed. */
	readonly receipt?: string;
}

export interface PeerBodies {
	/** SHO[i+1] → SHO[i], B.2.3.2 step 2. */
	readonly register: About & {
		/** Rises with each attempt of this SHO on this device: a late one changes nothing. */
		readonly attempt: number;
		readonly provUrl: string;
		/** CertSHO[i+1], DER. */
		readonly certificate: string;
		/** Protected DM account with nonceA. */
		readonly account: string;
		/** From the delivery note, or from the subscription before. */
		readonly releaseCode?: string;
	};
	/** SHO[i+1] → SHO[i]: the subscriber has changed his mind; the challenge is to stand in the receipt. */
	readonly withdraw: About & { readonly challenge: string };
	/** SHO[i+1] → SHO[i]: it has happened. */
	readonly committed: About & { readonly receipt: string };
	/** SHO[i] → SHO[i+1]: the device acknowledged the bootstrap; proves nothing. */
	readonly delivered: About;
	/** SHO[i] → SHO[i+1]: the TRE does not take the bootstrap. */
	readonly refused: WithReceipt;
	/** SHO[i] → SHO[i+1]: the change cannot happen any more. */
	readonly withdrawn: WithReceipt;
	/** SHO[i] → SHO[i+1]: the device is back with its old MCIM (NOTE Y). */
	readonly reverted: WithReceipt;
}

export type PeerMessage = keyof PeerBodies;

/** A body as it goes over the wire. */
export type PeerRequest<Name extends PeerMessage> = PeerBodies[Name] & { readonly id: string };

export const peerPath = (message: PeerMessage): string => `/peer/${message}`;
