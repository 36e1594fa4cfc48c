import { field, type insist } from "../shared/shape.ts";

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
	/** SHO[i+1] → SHO[i]: it has happened; the receipt carries the challenge of SHO[i]. */
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

/** What SHO[i] answers to `register`: the receipt that says "committed" is to carry this. */
export interface Registered {
	readonly challenge: string;
}

export const CHALLENGE_OCTETS = 16;

const about = { id: field.name, treId: field.treId, changeId: field.name };
const receipt = field.optional(field.document);

/** What has to be in a message before anything else is looked at. */
export const peerShapes: Readonly<Record<PeerMessage, Parameters<typeof insist>[1]>> = {
	register: {
		...about,
		attempt: field.count,
		provUrl: field.name,
		certificate: field.base64(1, 4096),
		account: field.base64(1, 2048),
		releaseCode: field.optional(field.name),
	},
	withdraw: { ...about, challenge: field.base64(CHALLENGE_OCTETS, CHALLENGE_OCTETS) },
	committed: { ...about, receipt: field.document },
	delivered: about,
	refused: { ...about, receipt },
	withdrawn: { ...about, receipt },
	reverted: { ...about, receipt },
};

/** A body as it goes over the wire. */
export type PeerRequest<Name extends PeerMessage> = PeerBodies[Name] & { readonly id: string };

export const peerPath = (message: PeerMessage): string => `/peer/${message}`;
