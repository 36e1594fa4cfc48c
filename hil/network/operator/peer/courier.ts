import { randomUUID } from "node:crypto";
import { emit, step } from "../../../../host/wire/report/events.ts";
import { postMutualTls } from "../../shared/http.ts";
import { Refusal } from "../../shared/refusal.ts";
import type { OperatorContext } from "../context.ts";
import { type PeerBodies, type PeerMessage, peerPath } from "../messages.ts";
import type { Letter } from "../records.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** Answers that say "not now"; any other refusal is final. */
const PASSING = new Set([403, 500, 502, 503, 504]);

export type Delivery =
	| { readonly kind: "heard"; readonly answer: object }
	| { readonly kind: "refused" | "waiting"; readonly why: Refusal };

const steps: Record<PeerMessage, { readonly clause: string; readonly what: string }> = {
	register: {
		clause: "B.2.3.2",
		what: "register {TRE_id, PROVURL, CertSHO, protected DM account with nonceA} over mutual TLS",
	},
	withdraw: { clause: "B.2.3.2", what: "the subscriber withdraws" },
	committed: { clause: "B.2.3.5", what: "committed, with the TRE's receipt" },
	delivered: { clause: "B.2.3.3", what: "the device has acknowledged the bootstrap" },
	refused: { clause: "B.2.3.3", what: "the TRE does not take the bootstrap" },
	withdrawn: { clause: "B.2.3.3", what: "the change cannot happen any more" },
	reverted: { clause: "NOTE Y", what: "the device is back with its old MCIM, with the TRE's receipt" },
};

/** Letters to one operator about one device: carried in the order in which they were written. */
interface Queue {
	readonly letters: { readonly letter: Letter; tried(delivery: Delivery): void }[];
	timer: NodeJS.Timeout | undefined;
	pause: number;
	busy: boolean;
}

const queueKey = (to: string, treId: string): string => `${to} ${treId}`;

/**
 * Letters to other operators: stored with what they tell of, and tried again, also after a restart,
 * until they are heard or refused for good. It is the operators' business and not the device's.
 */
export class Courier {
	readonly #context: OperatorContext;
	readonly #queues = new Map<string, Queue>();
	#closed = false;
	#nextOrder: number;
	/** What follows from an answer is written together with the letter's end. */
	onAnswer: (letter: Letter, delivery: Delivery) => void = () => undefined;

	constructor(context: OperatorContext) {
		this.#context = context;
		this.#nextOrder = 1 + context.store.letters.all().reduce((most, { order }) => Math.max(most, order), 0);
	}

	/** Goes on after a restart. */
	resume(): void {
		for (const letter of this.#context.store.letters.all().sort((a, b) => a.order - b.order)) void this.send(letter);
	}

	/** Stores a letter, in the transaction of what it tells of; `send` carries it. */
	write<Name extends PeerMessage>(to: string, message: Name, body: PeerBodies[Name]): Letter {
		const { letters } = this.#context.store;
		const order = this.#nextOrder++;
		// Kept with the letter and so the same at every try: it happens once.
		const id = randomUUID();
		return letters.put(id, { id, order, to, message, body });
	}

	/** Carries a stored letter; resolves to the outcome of the first try. */
	send(letter: Letter): Promise<Delivery> {
		const key = queueKey(letter.to, letter.body.treId);
		const queue = this.#queues.get(key) ?? { letters: [], timer: undefined, pause: FIRST_PAUSE_MS, busy: false };
		this.#queues.set(key, queue);
		return new Promise((tried) => {
			queue.letters.push({ letter, tried });
			void this.#work(key, queue);
		});
	}

	/** Has that operator still something to hear about the device? */
	holds(to: string, treId: string): boolean {
		return (this.#queues.get(queueKey(to, treId))?.letters.length ?? 0) > 0;
	}

	close(): void {
		this.#closed = true;
		for (const { timer } of this.#queues.values()) clearTimeout(timer);
	}

	async #work(key: string, queue: Queue): Promise<void> {
		if (queue.busy) return;
		queue.busy = true;
		clearTimeout(queue.timer);
		for (let head = queue.letters[0]; head; head = queue.letters[0]) {
			const delivery = await this.#carry(head.letter);
			if (this.#closed) return;
			if (delivery.kind === "waiting") {
				for (const { tried } of queue.letters) tried(delivery);
				this.#rest(key, queue, head.letter, delivery.why);
				break;
			}
			queue.letters.shift();
			queue.pause = FIRST_PAUSE_MS;
			head.tried(delivery);
		}
		queue.busy = false;
		if (queue.letters.length === 0) this.#queues.delete(key);
	}

	/** One try, and what follows from its answer; what goes wrong here is tried again. */
	async #carry(letter: Letter): Promise<Delivery> {
		try {
			const delivery = await this.#try(letter);
			if (delivery.kind !== "waiting" && !this.#closed) this.#settle(letter, delivery);
			return delivery;
		} catch (error) {
			return { kind: "waiting", why: new Refusal("internal", (error as Error).message, 500) };
		}
	}

	#settle(letter: Letter, delivery: Delivery): void {
		const { store } = this.#context;
		store.atomically(() => {
			store.letters.delete(letter.id);
			this.onAnswer(letter, delivery);
		});
	}

	#rest(key: string, queue: Queue, { to, message }: Letter, why: Refusal): void {
		emit({
			event: "problem",
			what: `${to} has not heard "${message}" yet: ${why.message}; next try in ${queue.pause} ms`,
		});
		queue.timer = setTimeout(() => void this.#work(key, queue), queue.pause);
		queue.pause = Math.min(2 * queue.pause, LONGEST_PAUSE_MS);
	}

	async #try(letter: Letter): Promise<Delivery> {
		const { registry, keys, config } = this.#context;
		const { id, to, message, body } = letter;
		await this.#context.store.durable();
		const peer = registry.operator(to);
		if (!peer) return { kind: "waiting", why: new Refusal("sho-unknown", `${to} is not contracted any more`, 503) };
		try {
			const answer = await step({ ...steps[message], from: config.shoId, to, mark: message }, () =>
				postMutualTls<object>(
					{ ...peer.api, root: peer.certificate },
					peerPath(message),
					{ id, ...body },
					keys.apiClient,
				),
			);
			return { kind: "heard", answer };
		} catch (error) {
			const why = error instanceof Refusal ? error : new Refusal("unreachable", (error as Error).message, 503);
			return { kind: PASSING.has(why.status) ? "waiting" : "refused", why };
		}
	}
}
