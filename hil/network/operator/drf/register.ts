import type { Receipt } from "../../../../host/wire/management/objects.ts";
import { emit } from "../../../../host/wire/report/events.ts";
import { Refusal } from "../../shared/refusal.ts";
import type { OperatorContext } from "../context.ts";
import { accepted, unsigned, untaken } from "../firmware/offer.ts";
import type { Courier } from "../peer/courier.ts";
import type { Device, FirmwareOffer, OutgoingChange } from "../records.ts";
import { dueOf, isOpen, verdictOf } from "./change.ts";
import type { BootstrapDesk } from "./documents.ts";

/** So many receipts in a row without the bootstrap's effect, and the TRE does not want it. */
const MAX_UNTAKEN = 5;
/** So often the new SHO may ask to see again that a change has ended. */
const MAX_SHOWN = 3;

/** Is there something for the device now? */
export type Next = "look-again" | "rest";

/** A receipt, and the octets that were signed. */
interface Proof {
	readonly receipt: Receipt;
	readonly document: string;
}

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
	 * A withdrawal. Where nothing was signed it is done at once; else a receipt with the new SHO's challenge
	 * has to say so. One that has ended is shown again.
	 */
	withdraw(change: OutgoingChange, peerChallenge: string): Next {
		const { treId, state, shown = 0 } = change;
		if (state === "committed") throw new Refusal("committed", "the change has happened already");
		if (state === "registered") {
			this.#tell("withdrawn", change, { state: "withdrawn" });
			return "rest";
		}
		if (!isOpen(change) && shown >= MAX_SHOWN) throw new Refusal("no-open-change", `the change is ${state}`);
		const { store } = this.#context;
		store.atomically(() => {
			store.outgoing.update(treId, {
				peerChallenge,
				...(isOpen(change) ? { state: "withdrawing" as const } : { again: true, shown: shown + 1 }),
			});
			// An answer to the challenge before it would not carry the peer's.
			store.devices.update(treId, { challenge: undefined });
		});
		return "look-again";
	}

	/** The device has acknowledged the bootstrap. */
	delivered({ treId, changeId }: OutgoingChange): void {
		const { outgoing } = this.#context.store;
		const now = outgoing.get(treId);
		if (now?.changeId !== changeId) return;
		if (now.delivered) outgoing.update(treId, { offered: true });
		else this.#tell("delivered", now, { delivered: true, offered: true });
	}

	/** Records what a receipt proves, and nothing else. */
	conclude(treId: string, receipt: Receipt, document: string): Next {
		const { store } = this.#context;
		const device = store.devices.get(treId);
		const change = store.outgoing.get(treId);
		if (!device) return "rest";
		const proof = { receipt, document };
		if (device.owes?.challenge !== undefined) return this.#payOff(device, proof);
		if (change?.again) {
			this.#tell(endOf(change), change, { again: false }, proof);
			return "rest";
		}
		const known = store.ended.get(endKey(treId, receipt)) !== undefined;
		switch (verdictOf(device, change, receipt, known)) {
			case "ended":
				if (change) this.#end(change, "withdrawn", proof);
				return "rest";
			case "reverted":
				if (change) this.#end(change, "reverted", proof);
				return "rest";
			case "void":
				store.outgoing.update(treId, { voiding: this.#desk.voiding(device) });
				return "look-again";
			case "sign-again":
				this.#forgetSigned(treId, change);
				return "look-again";
			case "not-taken":
				if (dueOf(device, change) === "update") return this.#offer(device, untaken);
				return change ? this.#countUntaken(change) : "rest";
			case "taken":
				if (dueOf(device, change) === "application") return this.#applicationTaken(device);
				if (dueOf(device, change) === "update") return this.#offer(device, accepted);
				store.outgoing.update(treId, { untaken: 0, offered: false });
				return "rest";
			case "go-on":
				return "rest";
		}
	}

	/** The former SHO gets the receipt with its challenge; the device may have gone on to the next change. */
	#payOff({ treId, owes }: Device, { receipt, document }: Proof): Next {
		const { store } = this.#context;
		if (!owes) return "rest";
		emit({ event: "document", name: `receipt-${receipt.state}-shown.xml`, treId, content: document });
		const letter = store.atomically(() => {
			store.devices.update(treId, { owes: undefined });
			return this.#courier.write(owes.to, "committed", { treId, changeId: owes.changeId, receipt: document });
		});
		void this.#courier.send(letter);
		return store.outgoing.get(treId) ? "look-again" : "rest";
	}

	/** The next account may follow, with the next SERIAL. */
	#applicationTaken({ treId, applications = [] }: Device): Next {
		const left = applications.slice(1);
		this.#context.store.devices.update(treId, { applications: left });
		return left.length > 0 ? "look-again" : "rest";
	}

	/** A DM session of the device follows, by itself. */
	#offer({ treId, offer }: Device, next: (offer: FirmwareOffer) => FirmwareOffer): Next {
		if (offer) this.#context.store.devices.update(treId, { offer: next(offer) });
		return "rest";
	}

	#forgetSigned(treId: string, change: OutgoingChange | undefined): void {
		const { devices, outgoing } = this.#context.store;
		const device = devices.get(treId);
		if (device?.offer && dueOf(device, change) === "update") {
			devices.update(treId, { offer: unsigned(device.offer) });
		} else if (device && dueOf(device, change) === "application") {
			const applications = device.applications?.map(({ account }) => ({ account }));
			devices.update(treId, { applications });
		} else if (!change || !isOpen(change)) devices.update(treId, { initial: undefined });
		else if (change.state === "withdrawing") outgoing.update(treId, { withdrawal: undefined, voiding: undefined });
		else outgoing.update(treId, { bootstrap: undefined, untaken: 0, offered: false });
	}

	#end(change: OutgoingChange, state: "withdrawn" | "reverted", proof: Proof): void {
		const { treId } = change;
		emit({ event: "document", name: `receipt-${proof.receipt.state}.xml`, treId, content: proof.document });
		this.#tell(endOf({ ...change, state }), change, { state }, proof);
	}

	/** A TRE that never takes the bootstrap it is offered: the change ends, once its SERIAL is spent. */
	#countUntaken({ treId, offered, untaken: before = 0 }: OutgoingChange): Next {
		if (!offered) return "rest";
		const untaken = before + 1;
		const enough = untaken >= MAX_UNTAKEN;
		this.#context.store.outgoing.update(treId, {
			...{ untaken, offered: false },
			...(enough ? { state: "withdrawing" as const, refused: true } : {}),
		});
		return enough ? "look-again" : "rest";
	}

	/** What is recorded and the letter that tells of it become durable together. */
	#tell(
		message: "delivered" | "withdrawn" | "reverted" | "refused",
		{ treId, changeId, toSho }: OutgoingChange,
		recorded: Partial<OutgoingChange>,
		proof?: Proof,
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

/** How the new SHO is told that a change has ended. */
const endOf = ({ state, refused }: OutgoingChange): "withdrawn" | "reverted" | "refused" => {
	if (refused) return "refused";
	return state === "reverted" ? "reverted" : "withdrawn";
};

/** Each change ends once, by its nonceB. */
const endKey = (treId: string, { nonceB }: Receipt): string => `${treId} ${nonceB.toString("base64")}`;
