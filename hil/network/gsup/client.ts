import { connect } from "node:net";
import { type Address, AddressError, readAddress } from "../../../host/wire/address.ts";
import { GsupConnection, type GsupLimits, type GsupListener, GsupLost } from "./connection.ts";
import type { Gsup } from "./message.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** A connection that lasted so long was a good one. */
const LASTED_MS = 1_000;

/** Undefined for what is no address: whoever wrote it may mend it. */
function placeOf(address: string | undefined): Address | undefined {
	try {
		return address === undefined ? undefined : readAddress(address);
	} catch (error) {
		if (error instanceof AddressError) return undefined;
		throw error;
	}
}

/** A client that stays connected: it comes back, for ever, with longer and longer pauses. */
export class GsupClient {
	readonly #address: () => string | undefined;
	readonly #name: string;
	readonly #listener: Pick<GsupListener, "onRequest">;
	readonly #limits: Partial<GsupLimits>;
	#connection: GsupConnection | undefined;
	#pause = FIRST_PAUSE_MS;
	#timer: NodeJS.Timeout | undefined;
	#closed = false;
	/** Who waits for a connection. */
	readonly #waiting = new Set<() => void>();

	/** `address` is host:port, asked for at each attempt: a peer may come back elsewhere. */
	constructor(
		address: () => string | undefined,
		name: string,
		listener: Pick<GsupListener, "onRequest">,
		limits: Partial<GsupLimits> = {},
	) {
		this.#address = address;
		this.#name = name;
		this.#listener = listener;
		this.#limits = limits;
		this.#connect();
	}

	get connected(): boolean {
		return this.#connection !== undefined;
	}

	/** Resolves to the peer's answer, an error among them; throws GsupLost where none comes. */
	async request(message: Gsup, waitMs = 5_000): Promise<Gsup> {
		const connection = this.#connection ?? (await this.#connected(waitMs));
		if (!connection) throw new GsupLost(`no GSUP connection to ${this.#address() ?? "an unknown address"}`);
		return connection.request(message);
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
		this.#connection?.close();
		this.#wake();
	}

	#wake(): void {
		for (const wake of this.#waiting) wake();
		this.#waiting.clear();
	}

	async #connected(waitMs: number): Promise<GsupConnection | undefined> {
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, waitMs);
			this.#waiting.add(() => {
				clearTimeout(timer);
				resolve();
			});
		});
		return this.#connection;
	}

	#connect(): void {
		if (this.#closed) return;
		const place = placeOf(this.#address());
		if (place === undefined) {
			this.#again();
			return;
		}
		const socket = connect({ ...place, keepAlive: true });
		socket.once("error", () => socket.destroy());
		const failed = () => this.#again();
		socket.once("close", failed);
		socket.once("connect", () => {
			socket.off("close", failed);
			const opened = performance.now();
			const connection = new GsupConnection(
				socket,
				{
					onRequest: this.#listener.onRequest,
					onClosed: () => {
						this.#connection = undefined;
						// One that was sent away at once is not let in sooner for asking more often.
						if (performance.now() - opened > LASTED_MS) this.#pause = FIRST_PAUSE_MS;
						this.#again();
					},
				},
				this.#limits,
				this.#name,
			);
			this.#connection = connection;
			this.#wake();
		});
	}

	#again(): void {
		if (this.#closed) return;
		this.#timer = setTimeout(() => this.#connect(), this.#pause);
		this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
	}
}
