import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { openPort, type Port } from "../../host/link/port.ts";
import { generator } from "./sampling.ts";

/** What happens to octets between a host and a TRE, in each direction; shares of 0 to 1. */
export interface LineFaults {
	/** Of all bits, turned over. */
	readonly bitErrors?: number;
	/** Of all frames (octets up to a delimiter), lost. */
	readonly lost?: number;
	/** Of all frames, delivered twice. */
	readonly duplicated?: number;
	/** Of all frames, delivered late, and by how much at most. */
	readonly delayed?: number;
	readonly delayMs?: number;
	/** Octets go no faster than a UART of this rate with 8N1 sends them. */
	readonly baudRate?: number;
	/** Of the choices. */
	readonly seed?: number;
}

/** Start bit, eight bits, stop bit. */
const BITS_AN_OCTET = 10;
const DELIMITER = 0;
/** What a timer may be late; what is due sooner is waited for in turns of the loop. */
const TIMER_MS = 1.5;

/** One direction of the line. */
class Wire {
	readonly #faults: LineFaults;
	readonly #random: () => number;
	readonly #deliver: (octets: Uint8Array) => void;
	#frame: number[] = [];
	/** When the UART has sent all that it was given, on the clock of `performance`. */
	#free = 0;
	readonly #queue: { readonly octets: Uint8Array; readonly due: number }[] = [];

	constructor(faults: LineFaults, seed: number, deliver: (octets: Uint8Array) => void) {
		this.#faults = faults;
		this.#random = generator(seed);
		this.#deliver = deliver;
	}

	take(octets: Uint8Array): void {
		const { lost, duplicated, delayed } = this.#faults;
		if (!lost && !duplicated && !delayed) {
			this.#send(this.#spoiled(octets));
			return;
		}
		for (const octet of octets) {
			this.#frame.push(octet);
			// A delimiter ends a frame, and stands in front of one.
			if (octet === DELIMITER && this.#frame.length > 1) this.#takeFrame(Uint8Array.from(this.#frame.splice(0)));
		}
	}

	#takeFrame(frame: Uint8Array): void {
		const { lost = 0, duplicated = 0, delayed = 0, delayMs = 0 } = this.#faults;
		if (this.#random() < lost) return;
		const copies = this.#random() < duplicated ? 2 : 1;
		for (let copy = 0; copy < copies; copy++) {
			const octets = this.#spoiled(frame);
			if (this.#random() < delayed) setTimeout(() => this.#send(octets), this.#random() * delayMs);
			else this.#send(octets);
		}
	}

	#spoiled(octets: Uint8Array): Uint8Array {
		const { bitErrors = 0 } = this.#faults;
		if (bitErrors === 0) return octets;
		return octets.map((octet) => {
			let spoiled = octet;
			for (let bit = 0; bit < 8; bit++) if (this.#random() < bitErrors) spoiled ^= 1 << bit;
			return spoiled;
		});
	}

	/** At its time: an octet is there when its last bit is. */
	#send(octets: Uint8Array): void {
		const { baudRate } = this.#faults;
		if (baudRate === undefined) {
			this.#deliver(octets);
			return;
		}
		this.#free = Math.max(this.#free, performance.now()) + (octets.length * BITS_AN_OCTET * 1000) / baudRate;
		this.#queue.push({ octets, due: this.#free });
		if (this.#queue.length === 1) this.#wait();
	}

	/** One timer at a time: two of them do not keep the order of what they deliver. */
	#wait(): void {
		const [next] = this.#queue;
		if (!next) return;
		const ms = next.due - performance.now();
		if (ms > TIMER_MS) setTimeout(() => this.#pump(), ms - TIMER_MS);
		else setImmediate(() => this.#pump());
	}

	#pump(): void {
		const now = performance.now();
		while (this.#queue.length > 0 && (this.#queue[0]?.due ?? 0) <= now)
			this.#deliver(this.#queue.shift()?.octets ?? new Uint8Array(0));
		this.#wait();
	}
}

/** Largest portion that a paced line delivers at once. */
const PORTION = 32;

const portions = (octets: Uint8Array): Uint8Array[] =>
	Array.from({ length: Math.ceil(octets.length / PORTION) }, (_, n) => octets.subarray(n * PORTION, (n + 1) * PORTION));

/**
 * A line between a host and a TRE that is not what it should be: a TCP port before the TRE's own, one host at a time, as
 * ser2net serves it. The TRE's port is opened when a host comes, and closed when it goes.
 */
export class DisturbedLine {
	readonly #server: Server;
	readonly #hosts = new Set<Socket>();
	#plugged = true;

	private constructor(device: string, faults: LineFaults) {
		this.#server = createServer((socket) => {
			if (this.#hosts.size > 0 || !this.#plugged) {
				socket.destroy();
				return;
			}
			this.#hosts.add(socket);
			socket.on("error", () => socket.destroy());
			socket.on("close", () => this.#hosts.delete(socket));
			void connected(socket, device, faults, faults.seed ?? 1);
		});
	}

	static async open(device: string, faults: LineFaults): Promise<DisturbedLine> {
		const line = new DisturbedLine(device, faults);
		await new Promise<void>((resolve) => line.#server.listen(0, "127.0.0.1", resolve));
		return line;
	}

	/** What a host opens. */
	get port(): string {
		return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	/** Pulls the cable: whoever is there loses the line, and nobody gets it until it is plugged in again. */
	unplug(): void {
		this.#plugged = false;
		for (const socket of this.#hosts) socket.destroy();
	}

	plug(): void {
		this.#plugged = true;
	}

	async close(): Promise<void> {
		this.unplug();
		await new Promise<void>((resolve) => this.#server.close(() => resolve()));
	}
}

async function connected(socket: Socket, device: string, faults: LineFaults, seed: number): Promise<void> {
	socket.setNoDelay(true);
	const paced = (wire: Wire) => (octets: Uint8Array) => {
		if (faults.baudRate === undefined) wire.take(octets);
		else for (const portion of portions(octets)) wire.take(portion);
	};
	const toHost = new Wire(faults, seed, (octets) => void socket.write(octets));
	let port: Port;
	try {
		port = await openPort(device, { onData: paced(toHost), onClose: () => socket.destroy() });
	} catch {
		// The host sees a line that closes, and comes again.
		socket.destroy();
		return;
	}
	const toTre = new Wire(faults, seed + 1, (octets) => port.write(octets));
	socket.on("data", paced(toTre));
	socket.on("close", () => void port.close());
	if (socket.destroyed) await port.close();
}
