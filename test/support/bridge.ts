import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { openPort, type Port } from "../../host/link/port.ts";

/** What a bridge makes of the octets of one connection, in each direction. */
export interface Passage {
	toTre(octets: Uint8Array): Uint8Array;
	toHost(octets: Uint8Array): Uint8Array;
}

/** Lets everything through. */
export const open: Passage = { toTre: (octets) => octets, toHost: (octets) => octets };

/** A TCP port before a TRE's own, as ser2net serves one; each connection, counted from 1, has its own passage. */
export class Bridge {
	/** Connections that came, and the numbers of those that the host has closed. */
	connections = 0;
	readonly closed: number[] = [];
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	readonly #address: string;

	private constructor(device: string, passage: (connection: number) => Passage | undefined, address: string) {
		this.#address = address;
		this.#server = createServer((socket) => {
			const number = ++this.connections;
			this.#sockets.add(socket);
			socket.on("error", () => socket.destroy());
			socket.on("close", () => {
				this.#sockets.delete(socket);
				this.closed.push(number);
			});
			const through = passage(number);
			// What comes is taken, and that is all.
			if (!through) socket.resume();
			else void connected(socket, device, through);
		});
	}

	/** `passage` answers undefined for a connection that is accepted, and leads nowhere. */
	static async open(
		device: string,
		passage: (connection: number) => Passage | undefined,
		address = "127.0.0.1",
	): Promise<Bridge> {
		const bridge = new Bridge(device, passage, address);
		await new Promise<void>((resolve) => bridge.#server.listen(0, address, resolve));
		return bridge;
	}

	get number(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	/** What a host opens. */
	get port(): string {
		return `tcp://${this.#address.includes(":") ? `[${this.#address}]` : this.#address}:${this.number}`;
	}

	async close(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		await new Promise<void>((resolve) => this.#server.close(() => resolve()));
	}
}

async function connected(socket: Socket, device: string, through: Passage): Promise<void> {
	socket.setNoDelay(true);
	const waiting: Uint8Array[] = [];
	let port: Port | undefined;
	socket.on("data", (octets: Buffer) => {
		const passed = through.toTre(octets);
		if (port) port.write(passed);
		else waiting.push(passed);
	});
	socket.on("close", () => void port?.close());
	try {
		const onData = (octets: Uint8Array) => void socket.write(through.toHost(octets));
		port = await openPort(device, { onData, onClose: () => socket.destroy() });
	} catch {
		// The host sees a line that closes, and comes again.
		socket.destroy();
		return;
	}
	for (const octets of waiting) port.write(octets);
	if (socket.destroyed) await port.close();
}

/** Something else is said on the line in front of a frame. `say` has the number of the frame. */
export function talkative(say: (frame: number) => Uint8Array): (octets: Uint8Array) => Uint8Array {
	let frame = 0;
	let begun = false;
	let content = false;
	return (octets) => {
		const out: Uint8Array[] = [];
		for (const octet of octets) {
			if (!begun) out.push(say(++frame));
			begun = true;
			out.push(Uint8Array.of(octet));
			// A delimiter ends a frame, and may stand in front of one.
			if (octet !== 0) content = true;
			else if (content) {
				begun = false;
				content = false;
			}
		}
		return Buffer.concat(out);
	};
}
