import type { SecurityMethod } from "../wire/push/media.ts";

/** Answer of the TRE to a challenge, as the modem passes it on. Octets are hex. */
export type AkaAnswer =
	| { readonly kind: "success"; readonly res: string }
	| { readonly kind: "failure"; readonly cause: "mac" | "sync" | "other"; readonly auts?: string };

export type Authenticate = (rand: string, autn: string) => Promise<AkaAnswer>;

/** An IP bearer as the modem hands it to the host: a CONNECT proxy with the attachment's token. */
export interface IpBearer {
	readonly host: string;
	readonly port: number;
	readonly token: string;
}

export interface ShortMessage {
	readonly contentType: string;
	readonly body: Buffer;
	/** Of a pushed document: who vouches for it, and the MAC. */
	readonly sec?: SecurityMethod;
	readonly mac?: string;
	/** Address of the service centre that a received one came from. */
	readonly from?: string;
}

export class ModemError extends Error {}

/** What the M2ME asks of a modem; an AT modem fits the same interface. */
export interface Modem {
	/** Attaches under an IMSI (or PCID); `authenticate` runs AKA in the TRE. */
	attach(imsi: string, authenticate: Authenticate): Promise<void>;
	detach(): Promise<void>;
	/** Packet data over an access point. */
	activate(apn: string): Promise<IpBearer>;
	/** A short message to a service centre of the home operator; resolves when it is there. */
	submit(message: ShortMessage, recipient: string): Promise<void>;
	/** Hands on again what it acknowledged and nobody has worked off. */
	recover(): void;
	/** All short messages that were handed on are worked off. */
	workedOff(): void;
	close(): void;
}

export interface ModemListener {
	onShortMessage(message: ShortMessage): void;
	/** A short message that could not be read was thrown away. */
	onUnreadable?(why: string): void;
	/** The air interface is gone; the modem is of no more use. */
	onLost(): void;
}
