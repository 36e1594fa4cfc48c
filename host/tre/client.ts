import { type CommandName, wire } from "../../firmware/contract/commands.ts";
import { type LifeState, lifeStateOf } from "../../firmware/contract/states.ts";
import { Link, type LinkOptions } from "../link/link.ts";
import { decodeResponse, encodeRequest, type Request, type Response } from "./codec.ts";
import { isTreError, TreError } from "./errors.ts";

export interface TreStatus extends Omit<Response<"status">, "state"> {
	readonly state: LifeState;
}

/** It is not known whether the command ran before the restart. */
export class TreRestarted extends Error {
	constructor(command: string) {
		super(`${command}: the TRE has restarted; read status and decide whether to repeat it`);
	}
}

/** Commands that change nothing: repeated without asking. */
const reading: ReadonlySet<CommandName> = new Set([
	"info",
	"status",
	"log",
	"mcim",
	"store",
	"updateStatus",
	"updateOffer",
]);

/** Typed client of the contract over one open link. */
export class TreClient {
	readonly link: Link;
	#bootCounter = 0;

	private constructor(link: Link) {
		this.link = link;
	}

	/** Opens the port and says hello until the TRE answers. */
	static async open(port: string, options: LinkOptions = {}): Promise<TreClient> {
		const client = new TreClient(await Link.open(port, options));
		try {
			await client.hello();
		} catch (error) {
			await client.close();
			throw error;
		}
		return client;
	}

	/** Changes when the TRE has restarted. */
	get bootCounter(): number {
		return this.#bootCounter;
	}

	async hello(): Promise<Response<"hello">> {
		const answer = await this.#once("hello", {
			minVersion: wire.protocolVersion,
			maxVersion: wire.protocolVersion,
			maxSegment: wire.maxSegment,
			maxMessage: wire.maxMessage,
		});
		this.#bootCounter = answer.bootCounter;
		this.link.agree(answer);
		return answer;
	}

	/**
	 * Runs a command. Where the TRE has restarted in between it is greeted again; a command that only
	 * reads is repeated, any other ends in TreRestarted, and the caller reads `status` and decides (G5).
	 */
	async call<Name extends CommandName>(name: Name, request: Request<Name>): Promise<Response<Name>> {
		try {
			return await this.#once(name, request);
		} catch (error) {
			if (!isTreError(error, "hello-first")) throw error;
			await this.hello();
			if (!reading.has(name)) throw new TreRestarted(name);
			return this.#once(name, request);
		}
	}

	async status(): Promise<TreStatus> {
		const status = await this.call("status", {});
		return { ...status, state: lifeStateOf(status.state) ?? "blank" };
	}

	close(): Promise<void> {
		return this.link.close();
	}

	async #once<Name extends CommandName>(name: Name, request: Request<Name>): Promise<Response<Name>> {
		const answer = decodeResponse(name, await this.link.request(encodeRequest(name, request)));
		if ("error" in answer) throw new TreError(name, answer.error);
		return answer.response;
	}
}
