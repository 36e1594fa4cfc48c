import { connect, type Socket } from "node:net";
import { extensions, IpaDeframer, ipaFrame, streams } from "../../../gsup/ipa.ts";

/** osmo-hlr did not do what it was told. */
export class CtrlError extends Error {}

interface Awaited {
	resolve(text: string): void;
	reject(error: Error): void;
}

const ANSWER_MS = 10_000;

/** Osmocom's control interface: commands as text, each with an id, in IPA frames. */
export class CtrlClient {
	readonly #socket: Socket;
	readonly #awaited = new Map<string, Awaited>();
	readonly #deframer = new IpaDeframer();
	#id = 0;

	private constructor(socket: Socket) {
		this.#socket = socket;
		socket.on("data", (octets) => {
			for (const { stream, payload } of this.#deframer.push(octets))
				if (stream === streams.osmocom && payload[0] === extensions.ctrl)
					this.#take(payload.subarray(1).toString("latin1"));
		});
		socket.on("error", () => socket.destroy());
		socket.on("close", () => {
			for (const { reject } of this.#awaited.values()) reject(new CtrlError("the control connection is gone"));
			this.#awaited.clear();
		});
	}

	static open(host: string, port: number): Promise<CtrlClient> {
		return new Promise((resolve, reject) => {
			const socket = connect(port, host);
			socket.once("error", reject);
			socket.once("connect", () => {
				socket.off("error", reject);
				resolve(new CtrlClient(socket));
			});
		});
	}

	/** Resolves to the value that the answer carries. What is set may be secret, and is in no error. */
	set(variable: string, value: string): Promise<string> {
		return this.#ask("SET", variable, ` ${value}`);
	}

	get(variable: string): Promise<string> {
		return this.#ask("GET", variable, "");
	}

	close(): void {
		this.#socket.destroy();
	}

	#ask(verb: "GET" | "SET", variable: string, rest: string): Promise<string> {
		const id = String(++this.#id);
		const payload = Buffer.concat([
			Uint8Array.of(extensions.ctrl),
			Buffer.from(`${verb} ${id} ${variable}${rest}`, "latin1"),
		]);
		return new Promise((resolve, reject) => {
			const settled = (run: () => void) => {
				clearTimeout(timer);
				this.#awaited.delete(id);
				run();
			};
			const timer = setTimeout(() => settled(() => reject(new CtrlError(`${variable}: no answer`))), ANSWER_MS);
			this.#awaited.set(id, {
				resolve: (text) => settled(() => resolve(text)),
				reject: (error) => settled(() => reject(new CtrlError(`${variable}: ${error.message}`))),
			});
			this.#socket.write(ipaFrame({ stream: streams.osmocom, payload }));
		});
	}

	/** `SET_REPLY id variable value`, `GET_REPLY …`, or `ERROR id why`. */
	#take(text: string): void {
		const [verb = "", id = "", ...rest] = text.split(" ");
		const awaited = this.#awaited.get(id);
		if (!awaited) return;
		if (verb === "ERROR") awaited.reject(new CtrlError(rest.join(" ")));
		else awaited.resolve(rest.slice(1).join(" "));
	}
}
