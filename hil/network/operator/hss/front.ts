import { type GsupConnection, type GsupLimits, GsupLost } from "../../gsup/connection.ts";
import type { Gsup } from "../../gsup/message.ts";
import { GsupServer } from "../../gsup/server.ts";
import { cancelTypes, causes, type MessageKind, type Procedure } from "../../gsup/tables.ts";
import type { Listening } from "../../shared/listening.ts";
import type { Place } from "../../shared/ports.ts";
import { Refusal } from "../../shared/refusal.ts";
import { type Hlr, refusing } from "./hlr.ts";
import type { ShortMessageCentre } from "./smsc.ts";

/** What is worked on may take so long when the operator is stopped. */
const FINISH_MS = 2_000;

/** Short messages to one subscriber at once. */
const MAX_DELIVERING = 4;

/** Where a subscriber is, durable. */
export interface Locations {
	/** Name of the visited network that last reported the subscriber. */
	locationOf(imsi: string): string | undefined;
	locate(imsi: string, vlr: string | undefined): void;
}

export interface FrontOptions {
	readonly hlr: Hlr;
	readonly locations: Locations;
	readonly centre: ShortMessageCentre;
	/** Visited networks that there is an agreement with. */
	readonly agreements: readonly string[];
	/** After each location update (automatic device detection, B.2.2.2). */
	located(imsi: string): void;
	/** Resolves when all that was written would survive a crash. */
	durable(): Promise<void>;
	/** For those who count: each request, how it was answered, and how long that took. */
	answered?(procedure: Procedure, outcome: MessageKind | "none", vectors: number, seconds: number): void;
	readonly limits?: Partial<GsupLimits>;
}

/**
 * The GSUP end of a home network: who may ask, in which order, and what follows for other visited networks and for
 * the DRF. What an HLR/AuC does is behind it.
 */
export class GsupFront {
	readonly #options: FrontOptions;
	readonly #server: GsupServer;
	/** Requests of a subscriber are worked on one after the other, in the order in which they came. */
	readonly #queues = new Map<string, Promise<unknown>>();
	/** Short messages under way, by IMSI: a device that does not acknowledge takes up no place of others. */
	readonly #delivering = new Map<string, number>();
	#reference = 0;
	#finishing = false;

	constructor(options: FrontOptions) {
		this.#options = options;
		this.#server = new GsupServer(
			{ onRequest: (message, from) => this.#inOrder(message, from) },
			options.limits,
			(name) => options.agreements.includes(name),
		);
	}

	listen(place: Place): Promise<Listening> {
		return this.#server.listen(place);
	}

	/**
	 * No request is begun any more. Resolves when those that are worked on have been answered, and those that were on
	 * the way refused, or after a while.
	 */
	async finish(): Promise<void> {
		this.#finishing = true;
		const late = new Promise((resolve) => setTimeout(resolve, FINISH_MS).unref());
		const done = this.#server.caughtUp().then(() => Promise.allSettled(this.#queues.values()));
		await Promise.race([done, late]);
	}

	/** Visited networks that are connected. */
	peers(): number {
		return this.#server.count;
	}

	/**
	 * Hands an SMS-DELIVER TPDU to the network where the subscriber is; resolves when the device has it. A Refusal
	 * `no-acknowledgement` where it did not get there.
	 */
	async deliver(imsi: string, tpdu: Buffer): Promise<void> {
		const under = this.#delivering.get(imsi) ?? 0;
		if (under >= MAX_DELIVERING)
			throw new Refusal("busy", `${under} short messages to ${imsi} are not acknowledged yet`, 429);
		this.#delivering.set(imsi, under + 1);
		try {
			await this.#deliver(imsi, tpdu);
		} finally {
			const left = (this.#delivering.get(imsi) ?? 1) - 1;
			if (left > 0) this.#delivering.set(imsi, left);
			else this.#delivering.delete(imsi);
		}
	}

	async #deliver(imsi: string, tpdu: Buffer): Promise<void> {
		const name = this.#options.locations.locationOf(imsi);
		const vlr = name === undefined ? undefined : this.#server.peer(name);
		if (!vlr) throw new Refusal("absent-subscriber", `${imsi} is in no network that is connected`, 404);
		this.#reference = (this.#reference + 1) % 256;
		const answer = await vlr
			.request({
				...{ procedure: "MtForwardSm", kind: "request", imsi, smReference: this.#reference },
				smDestination: { kind: "imsi", digits: imsi },
				smOriginator: { kind: "smsc", digits: this.#options.centre.number },
				smUi: tpdu,
			})
			.catch((error: Error) => {
				if (error instanceof GsupLost) throw new Refusal("no-acknowledgement", error.message, 504);
				throw error;
			});
		if (answer.kind === "result") return;
		if (answer.cause === causes.imsiUnknown) throw new Refusal("absent-subscriber", `${imsi} is not on the air`, 404);
		throw new Refusal("no-acknowledgement", "the device did not acknowledge", 504);
	}

	#inOrder(message: Gsup, from: GsupConnection): Promise<Gsup | undefined> {
		const { imsi } = message;
		const before = this.#queues.get(imsi) ?? Promise.resolve();
		const work = before.then(
			() => this.#answer(message, from),
			() => this.#answer(message, from),
		);
		this.#queues.set(imsi, work);
		const settled = () => {
			if (this.#queues.get(imsi) === work) this.#queues.delete(imsi);
		};
		work.then(settled, settled);
		return work;
	}

	async #answer(message: Gsup, from: GsupConnection): Promise<Gsup | undefined> {
		if (this.#finishing) return refusing(message, causes.networkFailure);
		if (!this.#options.agreements.includes(from.name ?? "")) return refusing(message, causes.plmnNotAllowed);
		const begun = performance.now();
		const before = this.#options.locations.locationOf(message.imsi);
		const answer = await this.#handle(message, from);
		// An answer tells of SQN, locations and receipts: a crash must not take them back.
		await this.#options.durable();
		const seconds = (performance.now() - begun) / 1000;
		if (answer?.kind === "result") this.#tell(message, before, from.name as string);
		this.#options.answered?.(message.procedure, answer?.kind ?? "none", answer?.tuples?.length ?? 0, seconds);
		return answer;
	}

	async #handle(message: Gsup, from: GsupConnection): Promise<Gsup | undefined> {
		if (message.procedure === "MoForwardSm") return this.#options.centre.submit(message);
		const answer = await this.#options.hlr.answer(message, from);
		if (answer?.kind === "result") this.#conclude(message, from.name as string);
		return answer;
	}

	/** Where the subscriber is from now on. */
	#conclude({ procedure, imsi }: Gsup, vlr: string): void {
		const { locations } = this.#options;
		const before = locations.locationOf(imsi);
		if (procedure === "PurgeMS" && before === vlr) locations.locate(imsi, undefined);
		if (procedure === "UpdateLocation" && before !== vlr) locations.locate(imsi, vlr);
	}

	/** Who has to hear of it, once it is durable. */
	#tell({ procedure, imsi }: Gsup, before: string | undefined, vlr: string): void {
		if (procedure !== "UpdateLocation") return;
		if (before !== undefined && before !== vlr) this.#cancel(imsi, before);
		// After the answer: the visited network has to know the device before a message can reach it.
		setImmediate(() => this.#options.located(imsi));
	}

	/** The network where the subscriber was need not answer: it may be gone. */
	#cancel(imsi: string, vlr: string): void {
		const request = { procedure: "LocationCancel", kind: "request", imsi, cancelType: cancelTypes.update } as const;
		this.#server
			.peer(vlr)
			?.request(request)
			.catch(() => undefined);
	}
}
