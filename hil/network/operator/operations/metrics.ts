import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { MessageKind, Procedure } from "../../gsup/tables.ts";
import type { OperatorStore } from "../store.ts";

/** What an operator counts, in the form of Prometheus. No label names a subscriber or a device. */
export class Metrics {
	readonly registry = new Registry();
	readonly #requests: Counter<"procedure" | "outcome">;
	readonly #seconds: Histogram<"procedure">;
	readonly #vectors: Counter;
	readonly #segments: Counter<"outcome">;
	readonly #receipts: Counter<"outcome">;

	/** `peers`: visited networks that are connected now. */
	constructor(shoId: string, store: OperatorStore, peers: () => number) {
		this.registry.setDefaultLabels({ sho: shoId });
		collectDefaultMetrics({ register: this.registry });
		const registers = [this.registry];
		this.#requests = new Counter({
			...{ name: "gsup_requests_total", help: "GSUP requests by procedure and how they were answered", registers },
			labelNames: ["procedure", "outcome"],
		});
		this.#seconds = new Histogram({
			...{ name: "gsup_request_seconds", help: "Time until a GSUP request was answered", registers },
			labelNames: ["procedure"],
			buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
		});
		this.#vectors = new Counter({ name: "authentication_vectors_total", help: "Vectors given out", registers });
		this.#segments = new Counter({
			...{ name: "short_message_segments_total", help: "SMS-DELIVER TPDUs to devices", registers },
			labelNames: ["outcome"],
		});
		this.#receipts = new Counter({
			...{ name: "uplink_messages_total", help: "Whole messages of devices, by whether they were taken", registers },
			labelNames: ["outcome"],
		});
		const gauge = (name: string, help: string, value: () => number) =>
			new Gauge({
				name,
				help,
				registers,
				collect: function collect() {
					this.set(value());
				},
			});
		gauge("visited_networks_connected", "Visited networks that are connected", peers);
		gauge("subscribers", "Subscriptions in the HLR/AuC", () => store.subscribers.size);
		gauge("subscribers_located", "Subscriptions that a visited network has reported", () => store.locations.size);
		gauge(
			"devices_served",
			"Devices that this operator serves",
			() => store.devices.all().filter(({ left }) => !left).length,
		);
		gauge("letters_waiting", "Messages that another operator has not heard yet", () => store.letters.size);
		gauge("database_failing", "1 while nothing becomes durable", () => (store.failing === undefined ? 0 : 1));
	}

	request(procedure: Procedure, outcome: MessageKind | "none", vectors: number, seconds: number): void {
		this.#requests.inc({ procedure, outcome });
		this.#seconds.observe({ procedure }, seconds);
		if (vectors > 0) this.#vectors.inc(vectors);
	}

	segment(outcome: "delivered" | "failed"): void {
		this.#segments.inc({ outcome });
	}

	uplink(outcome: "taken" | "refused"): void {
		this.#receipts.inc({ outcome });
	}
}
