import { GsupClient } from "../gsup/client.ts";
import { GsupLost } from "../gsup/connection.ts";
import type { Gsup } from "../gsup/message.ts";
import { causes } from "../gsup/tables.ts";
import { Refusal } from "../shared/refusal.ts";
import type { Registry } from "../shared/registry.ts";

/** How soon after the registry names a home network the connection to it is begun. */
const WATCH_MS = 500;

/** GMM causes as the air interface names them. */
const causeNames = new Map<number, string>([
	[causes.imsiUnknown, "imsi-unknown"],
	[causes.gprsNotAllowed, "service-not-allowed"],
	[causes.plmnNotAllowed, "no-roaming-agreement"],
	[causes.congestion, "congestion"],
]);

/** Requests of home networks to this one. */
export type HomeRequest = (message: Gsup) => Promise<Gsup>;

/** GSUP connections to the home networks that there are agreements with, one each, up as long as they can be. */
export class Homes {
	readonly #registry: Registry;
	readonly #name: string;
	readonly #onRequest: HomeRequest;
	readonly #clients = new Map<string, GsupClient>();
	readonly #watch: NodeJS.Timeout;

	/** `name`: of this network. */
	constructor(registry: Registry, name: string, onRequest: HomeRequest) {
		this.#registry = registry;
		this.#name = name;
		this.#onRequest = onRequest;
		// Home networks reach their subscribers over these: they come up before a device asks.
		this.#watch = setInterval(() => this.#open(), WATCH_MS);
		this.#open();
	}

	/** Asks the home network and resolves to its result; throws a Refusal that names the cause. */
	async ask(shoId: string, message: Gsup): Promise<Gsup> {
		const answer = await this.#client(shoId)
			.request(message)
			.catch((error: Error) => {
				if (error instanceof GsupLost) throw new Refusal("home-unreachable", error.message, 504);
				throw error;
			});
		if (answer.kind === "result") return answer;
		const name = causeNames.get(answer.cause ?? 0) ?? `home-cause-${answer.cause ?? "missing"}`;
		throw new Refusal(name, `${shoId} refuses ${message.procedure} for ${message.imsi}`);
	}

	/** Tells without waiting for an answer. */
	tell(shoId: string, message: Gsup): void {
		const client = this.#client(shoId);
		if (client.connected) client.request(message).catch(() => undefined);
	}

	close(): void {
		clearInterval(this.#watch);
		for (const client of this.#clients.values()) client.close();
	}

	#open(): void {
		for (const { shoId } of this.#registry.content.operators) this.#client(shoId);
	}

	#client(shoId: string): GsupClient {
		const known = this.#clients.get(shoId);
		if (known) return known;
		const address = () => this.#registry.operator(shoId)?.gsup;
		const client = new GsupClient(address, this.#name, { onRequest: this.#onRequest });
		this.#clients.set(shoId, client);
		return client;
	}
}
