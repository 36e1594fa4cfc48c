import { emit, step } from "../../../../host/wire/report/events.ts";
import { postMutualTls } from "../../shared/http.ts";
import type { OperatorContext } from "../context.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Tells the former SHO, with the TRE's receipt, that a change is committed: the operator's business
 * and not the device's, so it is tried again, also after a restart, until it is heard.
 */
export class Courier {
	readonly #context: OperatorContext;
	readonly #timers = new Set<NodeJS.Timeout>();

	constructor(context: OperatorContext) {
		this.#context = context;
		for (const { treId, untold } of context.store.registrations.all()) if (untold) this.#send(treId, FIRST_PAUSE_MS);
	}

	/** Durable first; a receipt that was told already is not told again. */
	tell(treId: string, receipt: string): void {
		const { registrations } = this.#context.store;
		const registration = registrations.get(treId);
		if (!registration || registration.told) return;
		registrations.update(treId, { untold: receipt });
		this.#send(treId, FIRST_PAUSE_MS);
	}

	close(): void {
		for (const timer of this.#timers) clearTimeout(timer);
	}

	#send(treId: string, pause: number): void {
		this.#deliver(treId).catch((error: Error) => {
			const what = `the former SHO of ${treId} is not told yet: ${error.message}; next try in ${pause} ms`;
			emit({ event: "problem", what });
			const timer = setTimeout(() => {
				this.#timers.delete(timer);
				this.#send(treId, Math.min(2 * pause, LONGEST_PAUSE_MS));
			}, pause);
			this.#timers.add(timer);
		});
	}

	async #deliver(treId: string): Promise<void> {
		const { store, registry, keys, config } = this.#context;
		const registration = store.registrations.get(treId);
		if (!registration?.untold) return;
		const from = registry.operator(registration.fromSho);
		if (!from) throw new Error(`${registration.fromSho} is not contracted any more`);
		// The same id at every try: it happens once.
		const body = { id: `committed ${treId} ${registration.nonceB}`, treId, receipt: registration.untold };
		const what = "committed, with the TRE's receipt";
		await step({ clause: "B.2.3.5", from: config.shoId, to: from.shoId, what, mark: "committed" }, () =>
			postMutualTls({ ...from.api, root: from.certificate }, "/peer/committed", body, keys.apiClient),
		);
		store.registrations.update(treId, { untold: undefined, told: true });
	}
}
