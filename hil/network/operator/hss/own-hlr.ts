import { type GsupConnection, GsupLost } from "../../gsup/connection.ts";
import type { Gsup, Tuple } from "../../gsup/message.ts";
import { causes, domains, imeiResults, MAX_VECTORS, type Procedure, rats } from "../../gsup/tables.ts";
import type { Subscriber } from "../records.ts";
import { credentialOf } from "./credential.ts";
import { answering, type Hlr, refusing } from "./hlr.ts";
import { SeqBlocks, type SeqStore, SeqUsedUp } from "./sqn.ts";
import { amfOf, makeVectors, seqOfAuts, sqnOf } from "./vectors.ts";

/** What the HLR/AuC reads and writes. */
export interface HlrStore extends SeqStore {
	subscriber(imsi: string): Subscriber | undefined;
	imsis(): readonly string[];
	/** IND of a visited network (TS 33.102 C.1.1.3): the same one for ever, 1 for the first. */
	indOf(vlr: string): number;
}

export interface HlrPolicy {
	/** What subscribers may use. */
	readonly apn: string;
	/** Equipment that gets no service: 14 digits. */
	readonly barredImeis: readonly string[];
}

/** Messages of the operator's own HLR/AuC (TS 29.002 by way of GSUP). */
export class OwnHlr implements Hlr {
	readonly #store: HlrStore;
	readonly #policy: HlrPolicy;
	readonly #seqs: SeqBlocks;
	readonly #procedures: Partial<Record<Procedure, (message: Gsup, vlr: GsupConnection) => Promise<Gsup | undefined>>>;

	constructor(store: HlrStore, policy: HlrPolicy) {
		this.#store = store;
		this.#policy = policy;
		this.#seqs = new SeqBlocks(store);
		this.#seqs.prepare(store.imsis());
		this.#procedures = {
			SendAuthInfo: (message, vlr) => this.#sendAuthInfo(message, vlr),
			UpdateLocation: (message, vlr) => this.#updateLocation(message, vlr),
			PurgeMS: async (message) => this.#known(message) ?? answering(message),
			CheckImei: async (message) => this.#checkImei(message),
			// Good to know, and nothing to answer (TS 29.002 clause 8.5.3).
			AuthFailureReport: async () => undefined,
		};
	}

	async answer(message: Gsup, vlr: GsupConnection): Promise<Gsup | undefined> {
		const run = this.#procedures[message.procedure];
		return run ? run(message, vlr) : refusing(message, causes.messageTypeUnknown);
	}

	/** It is as well as the database. */
	readonly failing = undefined;

	async close(): Promise<void> {}

	#known(message: Gsup): Gsup | undefined {
		return this.#store.subscriber(message.imsi) ? undefined : refusing(message, causes.imsiUnknown);
	}

	/** One to five vectors; all five where the number says nothing. After AUTS, those behind the card's SQN. */
	async #sendAuthInfo(message: Gsup, vlr: GsupConnection): Promise<Gsup> {
		const { imsi, auts, rand, rat } = message;
		const subscriber = this.#store.subscriber(imsi);
		if (!subscriber) return refusing(message, causes.imsiUnknown);
		const credential = credentialOf(subscriber);
		if (auts !== undefined) {
			if (rand === undefined) return refusing(message, causes.networkFailure);
			const seq = seqOfAuts(credential, rand, auts);
			if (seq === undefined) return refusing(message, causes.imsiUnknown);
			this.#seqs.resynchronise(imsi, seq);
		}
		const wanted = message.vectors ?? MAX_VECTORS;
		const count = wanted >= 1 && wanted <= MAX_VECTORS ? wanted : MAX_VECTORS;
		const ind = this.#store.indOf(vlr.name ?? "");
		try {
			const first = await this.#seqs.take(imsi, count);
			const amf = amfOf(rat === rats.eutran);
			const sqns = Array.from({ length: count }, (_, n) => sqnOf(first + n, ind));
			const tuples: readonly Tuple[] = makeVectors(credential, sqns, amf);
			return answering(message, { tuples });
		} catch (error) {
			if (error instanceof SeqUsedUp) return refusing(message, causes.networkFailure);
			throw error;
		}
	}

	/** The visited network gets the subscriber's data first, and the location counts when it has taken them. */
	async #updateLocation(message: Gsup, vlr: GsupConnection): Promise<Gsup> {
		const { imsi, domain = domains.ps } = message;
		const subscriber = this.#store.subscriber(imsi);
		if (!subscriber) return refusing(message, causes.imsiUnknown);
		const ps = domain === domains.ps;
		const { msisdn = "" } = subscriber;
		const pdp = ps ? { pdp: [{ contextId: 1, apn: this.#policy.apn }] } : {};
		try {
			const data = { procedure: "InsertSubscriberData", kind: "request", imsi, msisdn, ...pdp, domain } as const;
			const taken = await vlr.request(data);
			return taken.kind === "result" ? answering(message) : refusing(message, causes.networkFailure);
		} catch (error) {
			if (error instanceof GsupLost) return refusing(message, causes.networkFailure);
			throw error;
		}
	}

	#checkImei(message: Gsup): Gsup {
		const { imei } = message;
		if (imei === undefined) return refusing(message, causes.invalidMandatoryInformation);
		const unknown = this.#known(message);
		if (unknown) return unknown;
		const barred = this.#policy.barredImeis.includes(imei.slice(0, 14));
		return answering(message, { imeiResult: barred ? imeiResults.refused : imeiResults.accepted });
	}
}
