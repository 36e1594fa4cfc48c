import { randomInt } from "node:crypto";
import { wire } from "../../firmware/contract/commands.ts";
import { Deframer, encodeFrame, type Frame } from "./frame.ts";
import { DEFAULT_BAUD_RATE, openPort, type Port } from "./port.ts";

export class LinkError extends Error {}
export class LinkClosed extends LinkError {}
/** No answer in time: the line counts as lost, because only a new one may lead to the TRE again. */
export class LinkTimeout extends LinkError {}
/** The message was not sent: the TRE would not take it. */
export class MessageTooLong extends LinkError {}

/** What `hello` agreed on. */
export interface LinkLimits {
	readonly maxSegment: number;
	readonly maxMessage: number;
	readonly window: number;
}

export interface LinkOptions {
	/** Milliseconds without a frame after which what may be lost is sent again. */
	readonly repeatMs?: number;
	/** Milliseconds after which a request and its line are given up; longer than any key generation or erase. */
	readonly deadlineMs?: number;
	readonly baudRate?: number;
	/** Told once where a request has been waiting for this long, with what it waits for. */
	readonly onWaiting?: (what: string) => void;
	/** Sees every octet, for recordings. */
	readonly record?: (direction: "to-tre" | "from-tre", octets: Uint8Array) => void;
}

/** Since the link was opened. */
export interface LinkCounters {
	/** Frames, and the octets that they took on the line. */
	sent: number;
	octetsSent: number;
	received: number;
	octetsReceived: number;
	/** How often nothing came for so long that something was sent again. */
	repeated: number;
	/** Frames that came damaged. */
	damaged: number;
	/** Requests that were given up. */
	timeouts: number;
	/** Milliseconds between requests and their responses, in all. */
	busyMs: number;
}

/** So many silences are worth a word. */
const SILENCES = 5;

interface Exchange {
	readonly id: number;
	readonly segments: readonly Uint8Array[];
	/** Bit n: the TRE has segment n of the request. */
	acknowledged: number;
	next: number;
	readonly response: (Uint8Array | undefined)[];
	readonly started: number;
	/** How often nothing came in time. */
	silences: number;
	resolve(message: Uint8Array): void;
	reject(error: Error): void;
	timer: NodeJS.Timeout | undefined;
	deadline: NodeJS.Timeout | undefined;
}

function cut(message: Uint8Array, size: number): Uint8Array[] {
	const segments: Uint8Array[] = [];
	for (let at = 0; at === 0 || at < message.length; at += size) {
		segments.push(message.subarray(at, at + size));
	}
	return segments;
}

const bitmap = (bits: number): Uint8Array => {
	const octets = new Uint8Array(4);
	new DataView(octets.buffer).setUint32(0, bits, true);
	return octets;
};

/**
 * Whole messages over a line that may lose, repeat or damage frames: one request at a time, each
 * answered once. The TRE executes a request id once, so repeating is safe within one boot.
 */
export class Link {
	readonly counters: LinkCounters = {
		...{ sent: 0, octetsSent: 0, received: 0, octetsReceived: 0 },
		...{ repeated: 0, damaged: 0, timeouts: 0, busyMs: 0 },
	};
	readonly #options: Required<Omit<LinkOptions, "record" | "onWaiting">> & LinkOptions;
	readonly #deframer = new Deframer();
	/** Until hello has said otherwise, what every TRE takes. */
	#limits: LinkLimits = { maxSegment: wire.minSegment, maxMessage: wire.minSegment, window: 1 };
	#port: Port | undefined;
	#closed: string | undefined;
	#id = randomInt(0x10000);
	#current: Exchange | undefined;
	#last: Promise<unknown> = Promise.resolve();
	readonly #onClose: ((reason: string) => void)[] = [];

	private constructor(options: LinkOptions) {
		this.#options = { repeatMs: 1000, deadlineMs: 180_000, baudRate: DEFAULT_BAUD_RATE, ...options };
	}

	static async open(name: string, options: LinkOptions = {}): Promise<Link> {
		const link = new Link(options);
		link.#port = await openPort(
			name,
			{ onData: (octets) => link.#receive(octets), onClose: (reason) => link.#lost(reason) },
			link.#options.baudRate,
		);
		return link;
	}

	onClose(listener: (reason: string) => void): void {
		if (this.#closed === undefined) this.#onClose.push(listener);
		else listener(this.#closed);
	}

	agree(limits: LinkLimits): void {
		this.#limits = limits;
	}

	/** Sends a message and resolves to its response. */
	request(message: Uint8Array): Promise<Uint8Array> {
		if (message.length > this.#limits.maxMessage) {
			return Promise.reject(
				new MessageTooLong(`a message of ${message.length} octets; the TRE takes ${this.#limits.maxMessage}`),
			);
		}
		const run = this.#last.then(() => this.#exchange(message));
		this.#last = run.catch(() => undefined);
		return run;
	}

	async close(): Promise<void> {
		await this.#port?.close();
		this.#lost("closed");
	}

	#exchange(message: Uint8Array): Promise<Uint8Array> {
		return new Promise((resolve, reject) => {
			if (this.#closed !== undefined) {
				reject(new LinkClosed(this.#closed));
				return;
			}
			this.#id = (this.#id + 1) & 0xffff;
			const exchange: Exchange = {
				id: this.#id,
				segments: cut(message, this.#limits.maxSegment),
				acknowledged: 0,
				next: 0,
				response: [],
				started: performance.now(),
				silences: 0,
				resolve,
				reject,
				timer: undefined,
				deadline: undefined,
			};
			exchange.deadline = setTimeout(() => {
				this.counters.timeouts++;
				const silence = `no answer from ${this.#port?.name} within ${this.#options.deadlineMs} ms`;
				this.#finish(new LinkTimeout(silence));
				this.#lost(silence);
				// Its end may never be told: the other side of a dead connection says nothing.
				void this.#port?.close();
			}, this.#options.deadlineMs);
			this.#current = exchange;
			this.#fillWindow(exchange);
			this.#rearm(exchange);
		});
	}

	#fillWindow(exchange: Exchange): void {
		const outstanding = () => {
			let count = 0;
			for (let n = 0; n < exchange.next; n++) if (((exchange.acknowledged >> n) & 1) === 0) count++;
			return count;
		};
		while (exchange.next < exchange.segments.length && outstanding() < this.#limits.window)
			this.#sendSegment(exchange, exchange.next++);
	}

	#sendSegment(exchange: Exchange, segment: number): void {
		const { id, segments } = exchange;
		this.#send({ kind: wire.kinds.request, id, segment, segments: segments.length, octets: segments[segment] });
	}

	#send(frame: Frame): void {
		const octets = encodeFrame(frame);
		this.counters.sent++;
		this.counters.octetsSent += octets.length;
		this.#options.record?.("to-tre", octets);
		this.#port?.write(octets);
	}

	#rearm(exchange: Exchange): void {
		clearTimeout(exchange.timer);
		exchange.timer = setTimeout(() => this.#repeat(exchange), this.#options.repeatMs);
	}

	/** Nothing came for a while: ask for the missing part of the response, or send the request again. */
	#repeat(exchange: Exchange): void {
		this.counters.repeated++;
		if (++exchange.silences === SILENCES) {
			const seconds = Math.round((performance.now() - exchange.started) / 1000);
			this.#options.onWaiting?.(`no answer from ${this.#port?.name} for ${seconds} s; still asking`);
		}
		if (exchange.response.length > 0) {
			let bits = 0;
			exchange.response.forEach((octets, n) => {
				if (octets) bits |= 1 << n;
			});
			this.#send({ kind: wire.kinds.haveResponse, id: exchange.id, segment: 0, segments: 1, octets: bitmap(bits) });
		} else {
			const last = exchange.segments.length - 1;
			for (let n = 0; n < exchange.next; n++) {
				if (n === last || ((exchange.acknowledged >> n) & 1) === 0) this.#sendSegment(exchange, n);
			}
			this.#fillWindow(exchange);
		}
		this.#rearm(exchange);
	}

	#receive(octets: Uint8Array): void {
		this.#options.record?.("from-tre", octets);
		this.counters.octetsReceived += octets.length;
		for (const frame of this.#deframer.push(octets)) {
			this.counters.received++;
			const exchange = this.#current;
			if (!exchange || frame.id !== exchange.id) continue;
			this.#rearm(exchange);
			if (frame.kind === wire.kinds.haveRequest && frame.octets.length === 4) {
				// A TRE that has restarted has forgotten what it had.
				exchange.acknowledged = new DataView(frame.octets.buffer).getUint32(0, true);
				this.#fillWindow(exchange);
			} else if (frame.kind === wire.kinds.response) {
				this.#takeResponse(exchange, frame);
			}
		}
		this.counters.damaged = this.#deframer.damaged;
	}

	#takeResponse(exchange: Exchange, frame: Frame): void {
		if (frame.segments === 0 || frame.segments > 32 || frame.segment >= frame.segments) return;
		if (exchange.response.length === 0) exchange.response.length = frame.segments;
		if (exchange.response.length !== frame.segments) return;
		exchange.response[frame.segment] = frame.octets;
		// Array methods skip holes; a plain loop sees them.
		for (let n = 0; n < frame.segments; n++) if (!exchange.response[n]) return;
		this.#finish(undefined, Buffer.concat(exchange.response as Uint8Array[]));
	}

	#finish(error: Error | undefined, message?: Uint8Array): void {
		const exchange = this.#current;
		if (!exchange) return;
		this.#current = undefined;
		this.counters.busyMs += performance.now() - exchange.started;
		clearTimeout(exchange.timer);
		clearTimeout(exchange.deadline);
		if (message) exchange.resolve(message);
		else exchange.reject(error ?? new LinkError("no answer"));
	}

	#lost(reason: string): void {
		if (this.#closed !== undefined) return;
		this.#closed = reason;
		this.#finish(new LinkClosed(reason));
		for (const listener of this.#onClose) listener(reason);
	}
}
