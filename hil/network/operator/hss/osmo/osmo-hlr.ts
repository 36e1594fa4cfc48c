import { GsupClient } from "../../../gsup/client.ts";
import { type GsupConnection, GsupLost } from "../../../gsup/connection.ts";
import type { Gsup } from "../../../gsup/message.ts";
import { causes, type ProcedureRow, procedures } from "../../../gsup/tables.ts";
import type { Subscriber } from "../../records.ts";
import { credentialOf } from "../credential.ts";
import { type Hlr, refusing } from "../hlr.ts";
import { CtrlClient, CtrlError } from "./ctrl.ts";
import { IND_BITS, OsmoHlrError, OsmoHlrProcess, type OsmoSubscriber, osmoPorts } from "./process.ts";

export interface OsmoSubscribers {
	all(): readonly Subscriber[];
	subscriber(imsi: string): Subscriber | undefined;
}

/** A visited network's connection to osmo-hlr, and the one that it has to us. */
interface Upstream {
	readonly client: GsupClient;
	vlr: GsupConnection;
}

const isRefusedConnection = (error: unknown): boolean =>
	["ECONNREFUSED", "ECONNRESET", "EPIPE"].includes((error as NodeJS.ErrnoException).code ?? "");

/** A subscription in osmo-hlr's terms; one with constants of its own it would serve wrongly, and so not at all. */
function asOsmoHas(subscriber: Subscriber): OsmoSubscriber {
	const { imsi, k, msisdn, constants } = subscriber;
	if (constants !== undefined)
		throw new OsmoHlrError(
			`osmo-hlr knows MILENAGE with the standard constants only, and ${imsi} has others: use "hlr": "own" for this operator`,
		);
	const opc = Buffer.from(credentialOf(subscriber).opc).toString("hex");
	return { imsi, k, opc, ...(msisdn === undefined ? {} : { msisdn }) };
}

/** It leaves what it cannot decode, and what fails inside, without an answer. */
const ANSWER_MS = 5_000;

/**
 * osmo-hlr in place of the operator's own HLR/AuC. Each visited network gets a connection of its own to it, under its
 * own name: osmo-hlr routes by names, and gives each an IND. It knows UMTS MILENAGE with the standard constants only.
 */
export class OsmoHlr implements Hlr {
	readonly #process: OsmoHlrProcess;
	readonly #subscribers: OsmoSubscribers;
	readonly #upstream = new Map<string, Upstream>();

	/** IMSIs that osmo-hlr has. */
	readonly #provisioned: Set<string>;

	private constructor(process: OsmoHlrProcess, subscribers: OsmoSubscribers) {
		this.#process = process;
		this.#subscribers = subscribers;
		this.#provisioned = new Set(subscribers.all().map(({ imsi }) => imsi));
	}

	static async start(folder: string, subscribers: OsmoSubscribers, onEnd: (why: string) => void): Promise<OsmoHlr> {
		return new OsmoHlr(await OsmoHlrProcess.start(folder, subscribers.all().map(asOsmoHas), onEnd), subscribers);
	}

	/** Of the process, while there is one. */
	get pid(): number | undefined {
		return this.#process.pid;
	}

	async answer(message: Gsup, vlr: GsupConnection): Promise<Gsup | undefined> {
		const { imsi } = message;
		const subscriber = this.#subscribers.subscriber(imsi);
		const upstream = this.#upstreamOf(vlr);
		// Nobody will answer this one.
		if ((procedures[message.procedure] as ProcedureRow).result === undefined) return undefined;
		if (!subscriber) return refusing(message, causes.imsiUnknown);
		try {
			if (!this.#provisioned.has(imsi)) await this.#provision(subscriber);
			return await upstream.request(message);
		} catch (error) {
			// It is on its way back, or does not answer: the visited network may ask again.
			if (error instanceof GsupLost || error instanceof CtrlError || isRefusedConnection(error))
				return refusing(message, causes.networkFailure);
			throw error;
		}
	}

	/**
	 * A subscription that came after the start goes over the control interface: a transaction in its database would
	 * refuse whoever asks meanwhile. One that is there is left alone: written again, its SQN would begin anew.
	 */
	async #provision(subscriber: Subscriber): Promise<void> {
		const { imsi, k, opc, msisdn } = asOsmoHas(subscriber);
		const ctrl = await CtrlClient.open(this.#process.address, osmoPorts.ctrl);
		const of = `subscriber.by-imsi-${imsi}`;
		try {
			await ctrl.set("subscriber.create", imsi).catch((error: Error) => {
				if (!(error instanceof CtrlError && error.message.includes("already exists"))) throw error;
			});
			if (!(await ctrl.get(`${of}.info-all`)).includes("aud3g"))
				await ctrl.set(`${of}.aud3g`, `milenage,${k},opc,${opc},${IND_BITS}`);
			if (msisdn !== undefined) await ctrl.set(`${of}.msisdn`, msisdn);
			this.#provisioned.add(imsi);
		} finally {
			ctrl.close();
		}
	}

	get failing(): string | undefined {
		return this.#process.failing;
	}

	async close(): Promise<void> {
		for (const { client } of this.#upstream.values()) client.close();
		await this.#process.stop();
	}

	#upstreamOf(vlr: GsupConnection): GsupClient {
		const name = vlr.name ?? "";
		const known = this.#upstream.get(name);
		if (known) {
			known.vlr = vlr;
			return known.client;
		}
		const address = `${this.#process.address}:${osmoPorts.gsup}`;
		const entry: Upstream = {
			vlr,
			// What osmo-hlr asks goes on to the visited network, wherever it is connected now.
			client: new GsupClient(
				() => address,
				name,
				{ onRequest: (message) => entry.vlr.request(message) },
				{ answerMs: ANSWER_MS },
			),
		};
		this.#upstream.set(name, entry);
		return entry.client;
	}
}
