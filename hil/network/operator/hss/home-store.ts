import type { Subscriber } from "../records.ts";
import type { OperatorStore } from "../store.ts";
import type { Locations } from "./front.ts";
import type { OsmoSubscribers } from "./osmo/osmo-hlr.ts";
import type { HlrStore } from "./own-hlr.ts";
import type { SeqPosition } from "./sqn.ts";

const NOTHING_GIVEN: SeqPosition = { seq: 0, spans: [] };

/** Subscriptions, locations and sequence numbers in the operator's database. */
export class HomeStore implements HlrStore, Locations, OsmoSubscribers {
	readonly #store: OperatorStore;

	constructor(store: OperatorStore) {
		this.#store = store;
	}

	subscriber(imsi: string): Subscriber | undefined {
		return this.#store.subscribers.get(imsi);
	}

	all(): readonly Subscriber[] {
		return this.#store.subscribers.all();
	}

	imsis(): readonly string[] {
		return this.all().map(({ imsi }) => imsi);
	}

	locationOf(imsi: string): string | undefined {
		return this.#store.locations.get(imsi)?.vno;
	}

	locate(imsi: string, vlr: string | undefined): void {
		if (vlr === undefined) this.#store.locations.delete(imsi);
		else if (this.subscriber(imsi)) this.#store.locations.put(imsi, { vno: vlr });
	}

	position(imsi: string): SeqPosition | undefined {
		return this.subscriber(imsi) && (this.#store.sequences.get(imsi) ?? NOTHING_GIVEN);
	}

	keep(positions: ReadonlyMap<string, SeqPosition>): void {
		this.#store.atomically(() => {
			for (const [imsi, position] of positions) this.#store.sequences.put(imsi, position);
		});
	}

	indOf(vlr: string): number {
		const { peers } = this.#store;
		return this.#store.atomically(() => (peers.get(vlr) ?? peers.put(vlr, { ind: peers.size + 1 })).ind);
	}
}
