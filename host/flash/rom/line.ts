import { openPort, type Parity, type Port } from "../../link/port.ts";
import type { Ask } from "./an3155.ts";

/** Nothing came in time, or the line went. */
export class LineSilent extends Error {}

interface Wait {
	readonly take: number;
	resolve(octets: Uint8Array): void;
	reject(error: Error): void;
}

/** A serial line as a ROM loader talks on it: what is asked for comes, or nothing does. */
export class Line {
	#port: Port | undefined;
	#had: Buffer = Buffer.alloc(0);
	#wait: Wait | undefined;
	#gone: string | undefined;

	static async open(name: string, baudRate: number, parity: Parity): Promise<Line> {
		const line = new Line();
		line.#port = await openPort(
			name,
			{ onData: (octets) => line.#take(octets), onClose: (reason) => line.#lost(reason) },
			baudRate,
			parity,
		);
		return line;
	}

	send(octets: Uint8Array): void {
		if (octets.length > 0) this.#port?.write(octets);
	}

	/** Throws LineSilent. */
	take(count: number, withinMs: number): Promise<Uint8Array> {
		return new Promise((resolve, reject) => {
			if (this.#gone !== undefined) {
				reject(new LineSilent(this.#gone));
				return;
			}
			const timer = setTimeout(() => {
				this.#wait = undefined;
				reject(new LineSilent(`${this.#port?.name} went silent`));
			}, withinMs);
			const settled =
				<Value>(settle: (value: Value) => void) =>
				(value: Value): void => {
					clearTimeout(timer);
					settle(value);
				};
			this.#wait = { take: count, resolve: settled(resolve), reject: settled(reject) };
			this.#give();
		});
	}

	/** Drops what comes until nothing has come for so long. */
	async drain(quietMs: number): Promise<void> {
		for (;;) {
			const { length } = this.#had;
			try {
				await this.take(length + 1, quietMs);
			} catch (error) {
				if (this.#gone !== undefined) throw error;
				this.#had = Buffer.alloc(0);
				return;
			}
		}
	}

	/** Runs an exchange to its end. */
	async talk<Result>(exchange: Generator<Ask, Result, Uint8Array>): Promise<Result> {
		let step = exchange.next();
		while (!step.done) {
			const { send, take, withinMs } = step.value;
			this.send(send);
			step = exchange.next(await this.take(take, withinMs));
		}
		return step.value;
	}

	async close(): Promise<void> {
		await this.#port?.close();
	}

	#take(octets: Uint8Array): void {
		this.#had = Buffer.concat([this.#had, octets]);
		this.#give();
	}

	#give(): void {
		const wait = this.#wait;
		if (!wait || this.#had.length < wait.take) return;
		this.#wait = undefined;
		const octets = this.#had.subarray(0, wait.take);
		this.#had = this.#had.subarray(wait.take);
		wait.resolve(octets);
	}

	#lost(reason: string): void {
		this.#gone = reason;
		this.#wait?.reject(new LineSilent(reason));
		this.#wait = undefined;
	}
}
