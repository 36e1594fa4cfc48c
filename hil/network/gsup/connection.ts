import type { Socket } from "node:net";
import { Refused } from "../../../host/wire/refused.ts";
import { ccm, idGet, idResponse, nameOf, readIdentity } from "./ccm.ts";
import { extensions, IpaDeframer, type IpaFrame, ipaFrame, streams } from "./ipa.ts";
import { decodeGsup, encodeGsup, type Gsup, refusalOf } from "./message.ts";
import { causes, type ProcedureRow, procedures } from "./tables.ts";

/** What goes on with a connection. */
export interface GsupListener {
	/** A request of the peer; what comes back is the answer. Undefined where its procedure has none. */
	onRequest(message: Gsup, from: GsupConnection): Promise<Gsup | undefined>;
	/** The peer has said who it is; false sends it away. */
	onNamed?(connection: GsupConnection): boolean;
	onClosed?(connection: GsupConnection): void;
}

export interface GsupLimits {
	/** Milliseconds that an answer may take. */
	readonly answerMs: number;
	/** Milliseconds until a peer has to have said who it is. */
	readonly identityMs: number;
	/** Milliseconds between signs of life; a peer that shows none for two of them is gone. */
	readonly pingMs: number;
	/** Requests of the peer that are worked on at once; those beyond are refused with `congestion`. */
	readonly maxRunning: number;
	/** Octets that a peer may leave unread. */
	readonly maxUnread: number;
}

export const gsupLimits: GsupLimits = {
	...{ answerMs: 10_000, identityMs: 10_000, pingMs: 30_000, maxRunning: 256, maxUnread: 1024 * 1024 },
};

/** No answer came, or the peer is gone. */
export class GsupLost extends Error {}

interface Awaited {
	resolve(message: Gsup): void;
	reject(error: Error): void;
}

/** GSUP has no transactions: an answer belongs to the oldest request of its procedure and subscriber. */
const keyOf = ({ procedure, imsi, smReference }: Gsup): string => `${procedure} ${imsi} ${smReference ?? ""}`;

/** One end of a GSUP connection: identity, signs of life, requests and answers in both directions. */
export class GsupConnection {
	/** Of the peer, once it has said it. */
	name: string | undefined;
	readonly #socket: Socket;
	readonly #listener: GsupListener;
	readonly #limits: GsupLimits;
	/** Own name of a client; a server asks for that of its peer. */
	readonly #own: string | undefined;
	readonly #deframer = new IpaDeframer();
	readonly #awaited = new Map<string, Awaited[]>();
	readonly #ready: Promise<void>;
	#setReady: () => void = () => undefined;
	#running = 0;
	#alive = true;
	#closed = false;
	#closing = false;
	/** Portions of octets that have come. */
	#received = 0;
	#pings = 0;
	#pongs = 0;
	/** Who waits for the answer to which ping: pongs come in the order of pings, behind what the peer had sent. */
	#catchingUp: { pings: number; resolve(): void }[] = [];
	readonly #pulse: NodeJS.Timeout;
	readonly #identity: NodeJS.Timeout;

	/** `own`: the name to give, for a client. */
	constructor(socket: Socket, listener: GsupListener, limits: Partial<GsupLimits> = {}, own?: string) {
		this.#socket = socket;
		this.#listener = listener;
		this.#limits = { ...gsupLimits, ...limits };
		this.#own = own;
		this.#ready = new Promise((resolve) => {
			this.#setReady = resolve;
		});
		socket.setNoDelay(true);
		socket.on("data", (octets) => this.#take(octets));
		socket.on("error", () => socket.destroy());
		socket.on("close", () => this.#end());
		this.#pulse = setInterval(() => this.#beat(), this.#limits.pingMs);
		this.#identity = setTimeout(() => this.name === undefined && socket.destroy(), this.#limits.identityMs);
		if (own === undefined) this.#sendCcm(idGet());
	}

	/** Asks the peer and resolves to its answer, an error among them; throws GsupLost where none comes. */
	async request(message: Gsup): Promise<Gsup> {
		await this.#ready;
		if (this.#closed) throw new GsupLost("the GSUP connection is gone");
		return new Promise((resolve, reject) => {
			const key = keyOf(message);
			const waiting = this.#awaited.get(key) ?? [];
			this.#awaited.set(key, waiting);
			const timer = setTimeout(() => {
				this.#forget(key, awaited);
				reject(new GsupLost(`no answer to ${message.procedure} for ${message.imsi}`));
			}, this.#limits.answerMs);
			const awaited: Awaited = {
				resolve: (answer) => {
					clearTimeout(timer);
					resolve(answer);
				},
				reject: (error) => {
					clearTimeout(timer);
					reject(error);
				},
			};
			waiting.push(awaited);
			this.#sendGsup(encodeGsup(message));
		});
	}

	/** Is the peer there? Drops the connection where it shows no life in time. */
	probe(withinMs: number): void {
		const before = this.#received;
		this.#ping();
		setTimeout(() => this.#received > before || this.close(), withinMs).unref();
	}

	/** Resolves when all that the peer had sent by now has been taken, or the peer is gone. */
	caughtUp(): Promise<void> {
		if (this.#closed) return Promise.resolve();
		return new Promise((resolve) => {
			this.#ping();
			this.#catchingUp.push({ pings: this.#pings, resolve });
		});
	}

	close(): void {
		this.#closing = true;
		this.#socket.destroy();
	}

	#beat(): void {
		if (!this.#alive) this.close();
		this.#alive = false;
		this.#ping();
	}

	#ping(): void {
		this.#pings++;
		this.#sendCcm(Buffer.from([ccm.ping]));
	}

	#takePong(): void {
		this.#pongs++;
		const there = this.#catchingUp.filter(({ pings }) => pings <= this.#pongs);
		this.#catchingUp = this.#catchingUp.filter((one) => !there.includes(one));
		for (const { resolve } of there) resolve();
	}

	#forget(key: string, awaited: Awaited): void {
		const left = (this.#awaited.get(key) ?? []).filter((one) => one !== awaited);
		if (left.length > 0) this.#awaited.set(key, left);
		else this.#awaited.delete(key);
	}

	#end(): void {
		if (this.#closed) return;
		this.#closed = true;
		clearInterval(this.#pulse);
		clearTimeout(this.#identity);
		this.#setReady();
		const lost = new GsupLost("the GSUP connection is gone");
		for (const waiting of this.#awaited.values()) for (const { reject } of waiting) reject(lost);
		this.#awaited.clear();
		for (const { resolve } of this.#catchingUp.splice(0)) resolve();
		this.#listener.onClosed?.(this);
	}

	#write(frame: Buffer): void {
		if (this.#closed) return;
		this.#socket.write(frame);
		if (this.#socket.writableLength > this.#limits.maxUnread) this.close();
	}

	#sendCcm(payload: Uint8Array): void {
		this.#write(ipaFrame({ stream: streams.ccm, payload }));
	}

	#sendGsup(message: Uint8Array): void {
		const payload = Buffer.concat([Uint8Array.of(extensions.gsup), message]);
		this.#write(ipaFrame({ stream: streams.osmocom, payload }));
	}

	#take(octets: Uint8Array): void {
		this.#alive = true;
		this.#received++;
		try {
			for (const frame of this.#deframer.push(octets)) if (!this.#closing) this.#takeFrame(frame);
		} catch (error) {
			if (!(error instanceof Refused)) throw error;
			// Where the next frame begins cannot be known.
			this.close();
		}
	}

	#takeFrame({ stream, payload }: IpaFrame): void {
		if (stream === streams.ccm) this.#takeCcm(payload);
		else if (stream === streams.osmocom && payload[0] === extensions.gsup) this.#takeGsup(payload.subarray(1));
	}

	#takeCcm(payload: Buffer): void {
		const [type] = payload;
		const client = this.#own !== undefined;
		if (type === ccm.ping) this.#sendCcm(Buffer.from([ccm.pong]));
		else if (type === ccm.pong) this.#takePong();
		else if (type === ccm.idGet && client) this.#introduce();
		else if (type === ccm.idAck && !client) this.#sendCcm(Buffer.from([ccm.idAck]));
		else if (type === ccm.idResponse && !client && this.name === undefined) this.#takeIdentity(payload);
	}

	#introduce(): void {
		this.name ??= "server";
		this.#sendCcm(idResponse(this.#own ?? ""));
		this.#sendCcm(Buffer.from([ccm.idAck]));
		this.#setReady();
	}

	#takeIdentity(payload: Buffer): void {
		const identity = readIdentity(payload);
		this.name = identity && nameOf(identity);
		if (this.name !== undefined && this.#listener.onNamed?.(this) !== false) this.#setReady();
		else {
			// What stands behind it in the same octets is nobody's.
			this.name = undefined;
			this.close();
		}
	}

	#takeGsup(octets: Buffer): void {
		let message: Gsup;
		try {
			message = decodeGsup(octets);
		} catch (error) {
			if (!(error instanceof Refused)) throw error;
			const cause = error.refusal === "message-type" ? causes.messageTypeUnknown : causes.invalidMandatoryInformation;
			const refusal = refusalOf(octets, cause);
			if (refusal) this.#sendGsup(refusal);
			return;
		}
		// What cannot be answered is not worth the process.
		if (message.kind === "request") this.#serve(message).catch(() => this.close());
		else this.#settle(message);
	}

	#settle(message: Gsup): void {
		const key = keyOf(message);
		const [oldest] = this.#awaited.get(key) ?? [];
		if (!oldest) return;
		this.#forget(key, oldest);
		oldest.resolve(message);
	}

	async #serve(message: Gsup): Promise<void> {
		const answer = await this.#answerTo(message);
		// Some procedures have no answer, or none that refuses.
		if (!answer || (procedures[answer.procedure] as ProcedureRow)[answer.kind] === undefined) return;
		// Routing, as relays on the way want it: the names change places. A short message is known by its reference.
		const { source, messageClass, smReference } = message;
		const routed = {
			...answer,
			...(messageClass === undefined ? {} : { messageClass }),
			...(source === undefined ? {} : { destination: source }),
			...(smReference === undefined ? {} : { smReference }),
		};
		this.#sendGsup(encodeGsup(routed));
	}

	async #answerTo(message: Gsup): Promise<Gsup | undefined> {
		const { procedure, imsi } = message;
		const refused = (cause: number): Gsup | undefined =>
			(procedures[procedure] as ProcedureRow).error === undefined
				? undefined
				: { procedure, kind: "error", imsi, cause };
		// Nobody knows yet who asks.
		if (this.name === undefined) return refused(causes.networkFailure);
		if (this.#running >= this.#limits.maxRunning) return refused(causes.congestion);
		this.#running++;
		try {
			return await this.#listener.onRequest(message, this);
		} catch {
			return refused(causes.networkFailure);
		} finally {
			this.#running--;
		}
	}
}
