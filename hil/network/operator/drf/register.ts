import type { Receipt } from "../../../../host/wire/management/objects.ts";
import { emit } from "../../../../host/wire/report/events.ts";
import { Refusal } from "../../shared/http.ts";
import type { OperatorContext } from "../context.ts";
import type { Courier } from "../peer/courier.ts";
import type { OutgoingChange } from "../store.ts";
import { isOpen, verdictOf } from "./change.ts";
import type { BootstrapDesk } from "./documents.ts";

/** So many receipts in a row without the bootstrap's effect, and the TRE does not want it. */
const MAX_UNTAKEN = 5;

/** Is there something for the device now? */
export type Next = "look-again" | "rest";

/** The DRF's register of changes (B.2.3.2): what is recorded of each, and which SHO is told. */
export class ChangeRegister {
	readonly #context: OperatorContext;
	readonly #courier: Courier;
	readonly #desk: BootstrapDesk;

	constructor(context: OperatorContext, courier: Courier, desk: BootstrapDesk) {
		this.#context = context;
		this.#courier = courier;
		this.#desk = desk;
	}

	/**
	 * The new SHO withdraws. Where nothing was signed it is done at once; else a receipt with its challenge
	 * has to say so, also where an earlier one did already.
	 */
	withdraw(change: OutgoingChange, peerChallenge: string): Next {
		const { treId, state } = change;
		if (state === "committed") throw new Refusal("committed", "the change has happened already");
		if (!change.bootstrap) {
			this.#tell("withdrawn", change, { state: "withdrawn" });
			return "rest";
		}
		this.#context.store.outgoing.update(treId, { state: "withdrawing", peerChallenge });
		return "look-again";
	}

	/** The device has acknowledged the bootstrap. */
	delivered({ treId, changeId }: OutgoingChange): void {
		const now = this.#context.store.outgoing.get(treId);
		if (now?.changeId === changeId && !now.delivered) this.#tell("delivered", now, { delivered: true });
	}

	/** Records what a receipt proves, and nothing else. */
	conclude(treId: string, receipt: Receipt, document: string): Next {
		const { store } = this.#context;
		const device = store.devices.get(treId);
		const change = store.outgoing.get(treId);
		if (!device) return "rest";
		const known = store.ended.get(endKey(treId, receipt)) !== undefined;
		switch (verdictOf(device, change, receipt, known)) {
			case "ended":
				if (change) this.#end(change, "withdrawn", receipt, document);
				return "rest";
			case "reverted":
				if (change) this.#end(change, "reverted", receipt, document);
				return "rest";
			case "void":
				store.outgoing.update(treId, { voiding: this.#desk.voiding(device) });
				return "look-again";
			case "sign-again":
				this.#forgetSigned(treId, change);
				return "look-again";
			case "not-taken":
				return change ? this.#countUntaken(change) : "rest";
			case "taken":
				if (change?.untaken) store.outgoing.update(treId, { untaken: 0 });
				return "rest";
			case "go-on":
				return "rest";
		}
	}

	#forgetSigned(treId: string, change: OutgoingChange | undefined): void {
		const { devices, outgoing } = this.#context.store;
		if (!change || !isOpen(change)) devices.update(treId, { initial: undefined });
		else if (change.state === "withdrawing") outgoing.update(treId, { withdrawal: undefined, voiding: undefined });
		else outgoing.update(treId, { bootstrap: undefined });
	}

	#end(change: OutgoingChange, state: "withdrawn" | "reverted", receipt: Receipt, document: string): void {
		const { treId } = change;
		emit({ event: "document", name: `receipt-${receipt.state}.xml`, treId, content: document });
		this.#tell(change.refused ? "refused" : state, change, { state }, { receipt, document });
	}

	/** A TRE that never takes the bootstrap: the change ends, once its SERIAL is spent. */
	#countUntaken({ treId, untaken: before = 0 }: OutgoingChange): Next {
		const untaken = before + 1;
		const enough = untaken >= MAX_UNTAKEN;
		this.#context.store.outgoing.update(treId, {
			untaken,
			...(enough ? { state: "withdrawing" as const, refused: true } : {}),
		});
		return enough ? "look-again" : "rest";
	}

	/** What is recorded and the letter that tells of it become durable together. */
	#tell(
		message: "delivered" | "withdrawn" | "reverted" | "refused",
		{ treId, changeId, toSho }: OutgoingChange,
		recorded: Partial<OutgoingChange>,
		proof?: { readonly receipt: Receipt; readonly document: string },
	): void {
		const { store } = this.#context;
		const letter = store.atomically(() => {
			store.outgoing.update(treId, recorded);
			if (proof && proof.receipt.nonceB.length > 0)
				store.ended.put(endKey(treId, proof.receipt), { nonceB: proof.receipt.nonceB.toString("base64") });
			const receipt = proof ? { receipt: proof.document } : {};
			return this.#courier.write(toSho, message, { treId, changeId, ...receipt });
		});
		void this.#courier.send(letter);
	}
}

/** Each change ends once, by its nonceB. */
export const endKey = (treId: string, { nonceB }: Receipt): string => `${treId} ${nonceB.toString("base64")}`;
