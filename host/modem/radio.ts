import { connect, type Socket } from "node:net";
import { AddressError, readAddress } from "../wire/address.ts";
import { submissionOf } from "../wire/push/delivery.ts";
import { PUSH_PORT } from "../wire/push/media.ts";
import { decodePush } from "../wire/push/wsp.ts";
import { type Downlink, radioChannel, type Uplink } from "../wire/radio/messages.ts";
import { Refused } from "../wire/refused.ts";
import { decodeDeliver } from "../wire/sms/deliver.ts";
import { Reassembly } from "../wire/sms/reassembly.ts";
import { TpduError } from "../wire/sms/user-data.ts";
import {
	type Authenticate,
	type IpBearer,
	type Modem,
	ModemError,
	type ModemListener,
	type ShortMessage,
} from "./modem.ts";
import type { SegmentStore } from "./segment-store.ts";

const ANSWER_MS = 60_000;
/** Silence after which the network is asked whether it is still there. */
const KEEP_ALIVE_MS = 15_000;

interface Awaited {
	readonly accepts: readonly Downlink["type"][];
	resolve(message: Downlink): void;
	reject(error: Error): void;
}

function placeOf(address: string): { host: string; port: number } {
	try {
		return readAddress(address);
	} catch (error) {
		throw error instanceof AddressError ? new ModemError(`the air interface: ${error.message}`) : error;
	}
}

export interface RadioOptions {
	/** The equipment's, where it gives one. */
	readonly imei?: string;
	/** An answer may take so long, in milliseconds. */
	readonly answerMs?: number;
	/** Where segments are kept before they are acknowledged. */
	readonly store?: SegmentStore;
}

/** The simulated radio: a socket to a visited network. */
export class RadioModem implements Modem {
	readonly #socket: Socket;
	readonly #channel: { send(message: Uplink): void };
	readonly #listener: ModemListener;
	readonly #imei: string | undefined;
	readonly #answerMs: number;
	readonly #store: SegmentStore | undefined;
	readonly #reassembly = new Reassembly();
	#awaited: Awaited | undefined;
	#authenticate: Authenticate | undefined;
	#lost = false;

	private constructor(socket: Socket, listener: ModemListener, { imei, answerMs = ANSWER_MS, store }: RadioOptions) {
		this.#imei = imei;
		this.#answerMs = answerMs;
		this.#store = store;
		this.#socket = socket;
		this.#listener = listener;
		this.#channel = radioChannel<Downlink, Uplink>(socket, (message) => this.#receive(message));
		socket.on("error", () => socket.destroy());
		socket.on("close", () => {
			this.#lost = true;
			this.#awaited?.reject(new ModemError("the air interface is gone"));
			listener.onLost();
		});
	}

	/** `address` is host:port of the visited network's air interface. */
	static open(address: string, listener: ModemListener, options: RadioOptions = {}): Promise<RadioModem> {
		return new Promise((resolve, reject) => {
			const socket = connect({ ...placeOf(address), keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
			socket.once("error", (error) => reject(new ModemError(`no network at ${address}: ${error.message}`)));
			socket.once("connect", () => resolve(new RadioModem(socket, listener, options)));
		});
	}

	async attach(imsi: string, authenticate: Authenticate): Promise<void> {
		this.#authenticate = authenticate;
		const answer = await this.#ask(
			{ type: "attach", imsi, ...(this.#imei === undefined ? {} : { imei: this.#imei }) },
			["attach-accept", "attach-reject"],
		);
		if (answer.type === "attach-reject") throw new ModemError(`attach refused: ${answer.cause}`);
	}

	async detach(): Promise<void> {
		await this.#ask({ type: "detach" }, ["detach-accept"]);
	}

	async activate(apn: string): Promise<IpBearer> {
		const answer = await this.#ask({ type: "pdp-activate", apn }, ["pdp-accept", "pdp-reject"]);
		if (answer.type !== "pdp-accept")
			throw new ModemError(`packet data refused: ${answer.type === "pdp-reject" ? answer.cause : ""}`);
		return { host: answer.host, port: answer.port, token: answer.token };
	}

	async submit({ contentType, body }: ShortMessage, recipient: string): Promise<void> {
		for (const tpdu of submissionOf({ contentType, body }, recipient)) {
			const answer = await this.#ask({ type: "sms-submit", tpdu: tpdu.toString("hex") }, ["sms-accept", "sms-reject"]);
			if (answer.type === "sms-reject") throw new ModemError(`the short message is refused: ${answer.cause}`);
		}
	}

	close(): void {
		this.#socket.destroy();
	}

	#ask(message: Uplink, accepts: readonly Downlink["type"][]): Promise<Downlink> {
		return new Promise((resolve, reject) => {
			if (this.#lost) {
				reject(new ModemError("the air interface is gone"));
				return;
			}
			// A network that does not answer is not there: whoever has the modem opens it again.
			const timer = setTimeout(() => {
				this.#awaited?.reject(new ModemError("the network does not answer"));
				this.#socket.destroy();
			}, this.#answerMs);
			const settle = () => {
				clearTimeout(timer);
				this.#awaited = undefined;
			};
			this.#awaited = {
				accepts,
				resolve: (answer) => {
					settle();
					resolve(answer);
				},
				reject: (error) => {
					settle();
					reject(error);
				},
			};
			this.#channel.send(message);
		});
	}

	#receive(message: Downlink): void {
		if (message.type === "sms") {
			const tpdu = Buffer.from(message.tpdu, "hex");
			if (!this.#isKept(tpdu)) return;
			this.#channel.send({ type: "sms-ack", id: message.id });
			this.#takeSegment(tpdu);
		} else if (message.type === "auth-request") {
			this.#challenge(message.rand, message.autn);
		} else if (this.#awaited?.accepts.includes(message.type)) {
			this.#awaited.resolve(message);
		}
	}

	/** Kept first: what is acknowledged is not sent again. Where there is no room it comes again later. */
	#isKept(tpdu: Buffer): boolean {
		try {
			this.#store?.keep(tpdu);
			return true;
		} catch (error) {
			this.#listener.onUnreadable?.(`it could not be kept: ${(error as Error).message}`);
			return false;
		}
	}

	/** Hands on again what was acknowledged in an earlier life and never worked off. */
	recover(): void {
		for (const tpdu of this.#store?.all() ?? []) this.#takeSegment(tpdu);
	}

	/** Everything that was handed on is worked off. What is still unfinished stays, and the rest with it. */
	workedOff(): void {
		if (this.#reassembly.unfinished(Date.now()) === 0) this.#store?.clear();
	}

	/** Short messages are put together here, as a modem with its own store does. */
	#takeSegment(tpdu: Buffer): void {
		try {
			const whole = this.#reassembly.take(decodeDeliver(tpdu), Date.now());
			if (!whole) return;
			if (whole.ports?.destination !== PUSH_PORT) throw new TpduError("user-data-header", 0);
			const { contentType, body, sec, mac } = decodePush(whole.data);
			this.#listener.onShortMessage({ contentType, body: Buffer.from(body), sec, mac, from: whole.originator });
		} catch (error) {
			if (!(error instanceof Refused)) throw error;
			this.#listener.onUnreadable?.(error.message);
		}
	}

	#challenge(rand: string, autn: string): void {
		this.#authenticate?.(rand, autn)
			.then((answer) =>
				this.#channel.send(
					answer.kind === "success"
						? { type: "auth-response", res: answer.res }
						: { type: "auth-failure", cause: answer.cause, auts: answer.auts },
				),
			)
			.catch((error: Error) => {
				// The network hears a failure; who asked for the attach hears why.
				this.#channel.send({ type: "auth-failure", cause: "other" });
				this.#awaited?.reject(error);
			});
	}
}
