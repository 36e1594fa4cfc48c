import type { IpBearer } from "../modem/modem.ts";
import type { Executed } from "../omadm/session.ts";
import type { TreClient } from "../tre/client.ts";
import { TreError } from "../tre/errors.ts";
import { algorithmNumber, splitEnveloped } from "../wire/dsig/signature.ts";
import { step } from "../wire/report/events.ts";
import type { MessageForm } from "../wire/syncml/form.ts";
import { type Item, type NodeCommand, nodes, status } from "../wire/syncml/message.ts";
import { runDmSession } from "./dm-session.ts";
import type { Memory } from "./memory.ts";
import { NetworkParameters } from "./network-parameters.ts";

const REQUEST_TYPE = "Reversed-Domain-Name: tre.m2m.M2MMobj";
const RECEIPT_TYPE = "Reversed-Domain-Name: tre.m2m.TREReceipt";

const NO_CHALLENGE = new Uint8Array(0);

function document(source: string, type: string, octets: Uint8Array): Item {
	return { source, type, format: "b64", data: Buffer.from(octets).toString("base64") };
}

/** The DM sessions of a change: M2MMobj up, M2MMCIMMobj down, receipts up, network parameters down. */
export class ProvisioningSession {
	readonly #tre: TreClient;
	readonly #memory: Memory;
	readonly #url: string;
	readonly #form: MessageForm;
	#object: string | undefined;
	#parameters: Record<string, string> = {};

	constructor(tre: TreClient, memory: Memory, url: string, form: MessageForm) {
		this.#form = form;
		this.#tre = tre;
		this.#memory = memory;
		this.#url = url;
	}

	/** Asks for an MCIM (B.2.3.4 II). */
	async request(bearer: IpBearer): Promise<void> {
		const m2mm = await step(
			{
				clause: "B.2.3.4 II",
				from: "TRE",
				to: "M2ME",
				what: "M2MMobj with TRE info, nonceA, nonceB, signed in the TRE",
			},
			() => this.#tre.call("provisioningRequest", {}),
		);
		await this.#run(bearer, [document(nodes.m2mm, REQUEST_TYPE, m2mm.document)], "OMA DM session with M2MMobj");
	}

	/** Reports where the TRE stands, by its receipt. */
	async report(bearer: IpBearer): Promise<void> {
		await this.#run(bearer, [await this.#receipt()], "OMA DM session with the TRE's receipt", "reported");
	}

	async #receipt(): Promise<Item> {
		const { document: octets } = await this.#tre.call("receipt", { challenge: NO_CHALLENGE });
		return document(nodes.receipt, RECEIPT_TYPE, octets);
	}

	#run(bearer: IpBearer, items: readonly Item[], what: string, mark?: string): Promise<void> {
		const plan = {
			url: this.#url,
			alerts: items,
			execute: (command: NodeCommand) => this.#execute(command),
		};
		return runDmSession({ tre: this.#tre, form: this.#form }, bearer, plan, {
			...{ clause: "B.2.3.4", what },
			...(mark === undefined ? {} : { mark }),
		});
	}

	async #execute(command: NodeCommand): Promise<Executed> {
		const item = command.items[0];
		const target = item?.target ?? "";
		if (command.name === "Replace" && target === nodes.m2mmcim) {
			this.#object = Buffer.from(item?.data ?? "", "base64").toString("utf8");
			return { code: status.ok };
		}
		if (command.name === "Exec" && target === nodes.install) return this.#install();
		if (command.name === "Replace" && target.startsWith(`${nodes.nap}/`)) return this.#networkParameters(command);
		return { code: status.notFound };
	}

	/** VI and VII: the object goes into the TRE as it came; its signature value goes decoded. */
	async #install(): Promise<Executed> {
		if (this.#object === undefined) return { code: status.notFound };
		const { document: octets, signature } = splitEnveloped(this.#object);
		try {
			await step(
				{
					clause: "B.2.3.4 VI, VII",
					from: "M2ME",
					to: "TRE",
					what: "M2MMCIMMobj: signature, nonceB; decrypted and installed inside the TRE",
				},
				() =>
					this.#tre.call("acceptMcim", {
						document: Buffer.from(octets, "utf8"),
						algorithm: algorithmNumber[signature.algorithm],
						signature: signature.value,
					}),
			);
		} catch (error) {
			if (error instanceof TreError) return { code: status.commandFailed };
			throw error;
		}
		return { code: status.ok, alerts: [await this.#receipt()] };
	}

	/** VIII: stored with the MCIM that they belong to. */
	async #networkParameters(command: NodeCommand): Promise<Executed> {
		for (const { target, data } of command.items) {
			const [, , , name] = (target ?? "").split("/");
			if (name) this.#parameters[name] = data ?? "";
		}
		const { Name: name, Apn: apn } = this.#parameters;
		if (name === undefined || apn === undefined) return { code: status.badRequest };
		try {
			await step(
				{
					clause: "B.2.3.4 VIII",
					from: new URL(this.#url).host,
					to: "M2ME",
					what: `network parameters of the new SHO: APN ${apn}`,
				},
				() => new NetworkParameters(this.#tre, this.#memory).bind("pending", { napId: "NAP1", name, apn }),
			);
		} catch (error) {
			if (error instanceof TreError) return { code: status.commandFailed };
			throw error;
		}
		return { code: status.ok };
	}
}
