import { createServer, type Socket } from "node:net";
import { type Listening, listen } from "../shared/listening.ts";
import type { Place } from "../shared/ports.ts";
import { GsupConnection, type GsupLimits, type GsupListener } from "./connection.ts";

/** How long a connection may take to show that it still lives, when another one comes with its name. */
const PROBE_MS = 2_000;
/** How long the last answers may take to leave when the server closes. */
const LAST_WORD_MS = 500;
/** Connections at once; of those, without a name yet, and of peers that there is no agreement with. */
const MAX_CONNECTIONS = 256;
const MAX_NAMELESS = 64;
const MAX_STRANGERS = 16;

/** The peers of a GSUP server by name. A name belongs to whoever came with it first, as long as he lives. */
export class GsupServer {
	readonly #peers = new Map<string, GsupConnection>();
	readonly #sockets = new Set<Socket>();
	readonly #listener: Pick<GsupListener, "onRequest">;
	readonly #limits: Partial<GsupLimits>;
	readonly #knows: (name: string) => boolean;

	/** `knows`: is there an agreement with a peer of that name? Its place is kept from those that there is none with. */
	constructor(
		listener: Pick<GsupListener, "onRequest">,
		limits: Partial<GsupLimits> = {},
		knows: (name: string) => boolean = () => true,
	) {
		this.#listener = listener;
		this.#limits = limits;
		this.#knows = knows;
	}

	/** The connection of a peer, while it is there. */
	peer(name: string): GsupConnection | undefined {
		return this.#peers.get(name);
	}

	/** Peers that are connected. */
	get count(): number {
		return this.#peers.size;
	}

	/** Resolves when all that the peers had sent by now has been taken. */
	async caughtUp(): Promise<void> {
		await Promise.all([...this.#peers.values()].map((peer) => peer.caughtUp()));
	}

	async listen(place: Place): Promise<Listening> {
		const server = createServer((socket) => this.#accept(socket));
		const listening = await listen(server, place, MAX_CONNECTIONS);
		return {
			address: listening.address,
			close: () => {
				// What has been answered still leaves; a peer that does not read it is not waited for.
				for (const socket of this.#sockets) {
					socket.destroySoon();
					setTimeout(() => socket.destroy(), LAST_WORD_MS).unref();
				}
				return listening.close();
			},
		};
	}

	#accept(socket: Socket): void {
		if (this.#sockets.size - this.#peers.size >= MAX_NAMELESS) {
			socket.destroy();
			return;
		}
		this.#sockets.add(socket);
		socket.on("close", () => this.#sockets.delete(socket));
		new GsupConnection(
			socket,
			{
				onRequest: this.#listener.onRequest,
				onNamed: (connection) => this.#named(connection),
				onClosed: (connection) => {
					if (connection.name !== undefined && this.#peers.get(connection.name) === connection)
						this.#peers.delete(connection.name);
				},
			},
			this.#limits,
		);
	}

	/** Two of one name would get each other's answers: the second has to wait until the first is gone. */
	#named(connection: GsupConnection): boolean {
		const name = connection.name as string;
		const first = this.#peers.get(name);
		if (first) {
			first.probe(PROBE_MS);
			return false;
		}
		const strangers = [...this.#peers.keys()].filter((one) => !this.#knows(one)).length;
		if (!this.#knows(name) && strangers >= MAX_STRANGERS) return false;
		this.#peers.set(name, connection);
		return true;
	}
}
