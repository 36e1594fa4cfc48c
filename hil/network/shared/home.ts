/**
 * What a visited network asks of a home network, and what it gets; GSUP takes this interface's
 * place. Octets are hex.
 */

/** A UMTS authentication vector (TS 33.102 clause 6.3.2). */
export interface Vector {
	readonly rand: string;
	readonly xres: string;
	readonly ck: string;
	readonly ik: string;
	readonly autn: string;
}

/** One vector; with AUTS and its RAND after resynchronisation (TS 33.102 clause 6.3.5). */
export interface AuthInfoRequest {
	readonly imsi: string;
	readonly rand?: string;
	readonly auts?: string;
}

export interface LocationRequest {
	readonly imsi: string;
	readonly vno: string;
}

export interface PacketDataRequest {
	readonly imsi: string;
	readonly apn: string;
}

/** A short message of a subscriber to its operator; the body is base64. */
export interface UplinkMessage {
	readonly imsi: string;
	readonly contentType: string;
	readonly body: string;
}

/** Host names that the subscriber may reach. */
export interface PacketDataAnswer {
	readonly egress: readonly string[];
}

/** Egress that allows every host. */
export const ANY_HOST = "*";
