import { deliveryOf, serviceCentreOf } from "../../../../host/wire/push/delivery.ts";
import { contentTypes } from "../../../../host/wire/radio/short-messages.ts";
import { emit, step } from "../../../../host/wire/report/events.ts";
import { Refusal } from "../../shared/refusal.ts";
import type { OperatorContext } from "../context.ts";
import { isGivenUp, signed, unsigned } from "../firmware/offer.ts";
import type { Courier } from "../peer/courier.ts";
import type { Device, OutgoingChange, Registration, SignedBootstrap } from "../records.ts";
import { mayHaveMcim } from "../registration/end.ts";
import { isUnderWay } from "../states.ts";
import { awaitedBy, type Due, dueOf } from "./change.ts";
import { BootstrapDesk } from "./documents.ts";
import { ReceiptDesk } from "./receipts.ts";
import { ChangeRegister } from "./register.ts";

/** A bootstrap may be lost anywhere on its way; the TRE answers a repeat with "already accepted". */
const RESEND_MS = 15_000;
/** So long an account of an M2M application is sent again by itself. */
const APPLICATION_MS = 3_600_000;
/** How often a segment is tried before the whole message has to wait. */
const ROUNDS = 8;

/** What made the DRF look at a device. */
type Occasion = "located" | "timer" | "changed" | "receipt";

/** Hands a TPDU to the device where it is; a Refusal `no-acknowledgement` where it does not get there. */
export type Deliver = (imsi: string, tpdu: Buffer) => Promise<void>;

/** Discovery and registration function of SHO[i]: gets bootstraps to the device, and learns from receipts what became of them. */
export class Drf {
	readonly #context: OperatorContext;
	readonly #register: ChangeRegister;
	readonly #desk: BootstrapDesk;
	readonly #receipts: ReceiptDesk;
	readonly #deliverSegment: Deliver;
	#timer: NodeJS.Timeout | undefined;
	/** One thing at a time for each device, in order. */
	readonly #queues = new Map<string, Promise<void>>();
	/** Devices whose bootstrap goes out once their receipt is there. */
	readonly #afterReceipt = new Set<string>();

	constructor(context: OperatorContext, courier: Courier, deliver: Deliver) {
		this.#context = context;
		this.#deliverSegment = deliver;
		this.#desk = new BootstrapDesk(context);
		this.#register = new ChangeRegister(context, courier, this.#desk);
		this.#receipts = new ReceiptDesk(context);
	}

	/** Automatic device detection: the device has just been located (B.2.2.2). */
	located(imsi: string): void {
		const device = this.#served(imsi);
		if (device) this.#tend(device.treId, "located");
	}

	/** The device uses packet data, so it has its NAPDEF. */
	connected(imsi: string): void {
		const device = this.#served(imsi);
		if (device && !device.bootstrapped) this.#context.store.devices.update(device.treId, { bootstrapped: true });
	}

	/** A receipt that was asked for; refused by name where it was not. */
	takeReceipt(imsi: string, document: string): void {
		const device = this.#served(imsi);
		if (!device) throw new Refusal("device-unknown", `no device is served as ${imsi}`, 404);
		const receipt = this.#receipts.take(device, document);
		const awaited = this.#afterReceipt.delete(device.treId);
		const next = this.#register.conclude(device.treId, receipt, document);
		if (next === "look-again" || awaited) this.#tend(device.treId, "receipt");
	}

	/** Is it a device that this operator serves? */
	serves(imsi: string): boolean {
		return this.#served(imsi) !== undefined;
	}

	/** The register of changes has changed, or a receipt is owed. */
	changed(treId: string): void {
		this.#tend(treId, "changed");
	}

	/** The new SHO withdraws a change. */
	withdraw(change: OutgoingChange, peerChallenge: string): void {
		if (this.#register.withdraw(change, peerChallenge) === "look-again") this.#tend(change.treId, "changed");
	}

	/** Goes on after a restart, and sends again what has not had its effect yet. */
	resume(): void {
		this.#timer = setInterval(() => this.#all(), RESEND_MS);
		this.#all();
	}

	close(): void {
		clearInterval(this.#timer);
	}

	#served(imsi: string): Device | undefined {
		return this.#context.store.devices.find((entry) => entry.imsi === imsi && !entry.left);
	}

	/** Devices that are being tended to are left to it; and devices on trial here, whose host may have lost its way. */
	#all(): void {
		const { devices, registrations } = this.#context.store;
		for (const { treId } of devices.all()) if (!this.#queues.has(treId)) this.#tend(treId, "timer");
		for (const registration of registrations.all()) {
			if (!isUnderWay(registration.state) || !mayHaveMcim(registration)) continue;
			if (this.#isLocated(registration)) this.#askOnTrial(registration).catch(() => undefined);
		}
	}

	/** A receipt from a device that attached with this operator's new MCIM; its nonceB is all it has to carry. */
	#askOnTrial({ imsi }: Registration): Promise<unknown> {
		return this.#push(imsi, this.#receiptRequest(Buffer.alloc(0)));
	}

	#tend(treId: string, occasion: Occasion): void {
		const work = (this.#queues.get(treId) ?? Promise.resolve())
			.then(() => this.#look(treId, occasion))
			.catch((error: Error) => emit({ event: "problem", what: `bootstrap to ${treId}: ${error.message}` }))
			.finally(() => {
				if (this.#queues.get(treId) === work) this.#queues.delete(treId);
			});
		this.#queues.set(treId, work);
	}

	async #look(treId: string, occasion: Occasion): Promise<void> {
		const { devices, outgoing } = this.#context.store;
		const device = devices.get(treId);
		const change = outgoing.get(treId);
		if (!device || device.left || device.reign === "") return;
		if (occasion === "located" && this.#isOfferForgotten(device)) return this.#look(treId, "changed");
		const due = dueOf(device, change);
		const awaited = awaitedBy(device, change) !== undefined;
		// Where it is nowhere, it is sent when the device is located next.
		if (!this.#isLocated(device)) return;
		if (due === "nothing") {
			if (awaited) await this.#ask(device, change);
			if (occasion === "located") await this.#remindOfOffer(device);
			return;
		}
		const before = this.#signed(due, device, change);
		if (occasion === "timer" && before && isPatienceOver(due, device, before)) return;
		if (occasion === "located" && due === "change" && before) {
			// Has it come back from a trial? Its receipt says so.
			this.#afterReceipt.add(treId);
			return this.#ask(device, change);
		}
		await this.#deliver(device, due, before ?? this.#sign(due, device, change), change);
		if (awaited || due === "application" || due === "update" || (before && occasion === "timer"))
			await this.#ask(devices.get(treId) ?? device, change);
	}

	#signed(due: Due, device: Device, change: OutgoingChange | undefined): SignedBootstrap | undefined {
		if (due === "initial") return device.initial;
		if (due === "application") return device.applications?.[0]?.bootstrap;
		if (due === "update") return device.offer?.state.kind === "offered" ? device.offer.state.bootstrap : undefined;
		return { change: change?.bootstrap, withdrawal: change?.withdrawal, voiding: change?.voiding, nothing: undefined }[
			due
		];
	}

	#sign(due: Due, device: Device, change: OutgoingChange | undefined): SignedBootstrap {
		const { devices, outgoing } = this.#context.store;
		const [pending, ...later] = device.applications ?? [];
		if (due === "application" && pending) {
			const bootstrap = this.#desk.application(device, pending.account);
			devices.update(device.treId, { applications: [{ ...pending, bootstrap }, ...later] });
			return bootstrap;
		}
		if (due === "update" && device.offer) {
			const bootstrap = this.#desk.update(device, device.offer);
			devices.update(device.treId, { offer: signed(device.offer, bootstrap) });
			return bootstrap;
		}
		if (due === "initial" || !change) {
			const initial = this.#desk.initial(device);
			devices.update(device.treId, { initial });
			return initial;
		}
		if (due === "withdrawal") {
			const withdrawal = this.#desk.withdrawal(device, change);
			outgoing.update(device.treId, { withdrawal });
			return withdrawal;
		}
		const bootstrap = this.#desk.change(device, change);
		outgoing.update(device.treId, { bootstrap, state: "sent" });
		return bootstrap;
	}

	/** Its host may have lost its way since the TRE took the offer; the TRE says that it has it already. */
	async #remindOfOffer({ imsi, offer, ...device }: Device): Promise<void> {
		const bootstrap = offer?.state.kind === "accepted" ? offer.state.bootstrap : undefined;
		if (bootstrap) await this.#push(imsi, this.#desk.segments({ imsi, ...device }, bootstrap));
	}

	/** A TRE that has accepted something later says nothing to an old bootstrap: the offer is signed anew. */
	#isOfferForgotten({ treId, offer, serial, reign }: Device): boolean {
		if (offer?.state.kind !== "accepted") return false;
		const { bootstrap } = offer.state;
		if (bootstrap?.serial === serial && bootstrap.reign === reign) return false;
		this.#context.store.devices.update(treId, { offer: unsigned(offer) });
		return true;
	}

	#isLocated({ imsi }: { readonly imsi: string }): boolean {
		return this.#context.store.locations.get(imsi) !== undefined;
	}

	/** Hands a bootstrap to the network that serves the device (B.2.2.2, B.2.3.3 step 3). */
	async #deliver(
		device: Device,
		due: Due,
		bootstrap: SignedBootstrap,
		change: OutgoingChange | undefined,
	): Promise<void> {
		const { config } = this.#context;
		const what: Record<Due, string> = {
			nothing: "",
			initial: "signed initial bootstrap with NAPDEF",
			change: `signed bootstrap for ${change?.toSho}: PROVURL, CertSHO, protected DM account`,
			withdrawal: `signed bootstrap that withdraws the change to ${change?.toSho}`,
			voiding: "signed initial bootstrap that spends the SERIAL of the withdrawn change",
			application: `signed bootstrap with the account for ${device.applications?.[0]?.account.serverId}`,
			update:
				device.offer?.what === "none"
					? "signed bootstrap that takes back the offer of firmware"
					: `signed bootstrap that offers firmware ${device.offer?.version}`,
		};
		const clause: Partial<Record<Due, string>> = { initial: "B.2.2.2", update: "B.2.3.6" };
		await step({ clause: clause[due] ?? "B.2.3.3", from: `${config.shoId} DRF`, to: "M2ME", what: what[due] }, () =>
			this.#push(device.imsi, this.#desk.segments(device, bootstrap)),
		);
		if (due === "change" && change) this.#register.delivered(change);
	}

	async #ask(device: Device, change: OutgoingChange | undefined): Promise<void> {
		const { config } = this.#context;
		const challenge = this.#receipts.challenge(device, awaitedBy(device, change));
		const what = "where does the TRE stand? a challenge for its receipt";
		await step({ clause: "B.2.3.3", from: `${config.shoId} DRF`, to: "M2ME", what }, () =>
			this.#push(device.imsi, this.#receiptRequest(challenge)),
		);
	}

	#receiptRequest(challenge: Buffer): readonly Buffer[] {
		const message = { contentType: contentTypes.receiptRequest, body: challenge };
		return deliveryOf(message, serviceCentreOf(this.#context.config.shoId), new Date());
	}

	/** Segment by segment, each acknowledged by the device before the next one; what was not comes again. */
	async #push(imsi: string, segments: readonly Buffer[]): Promise<void> {
		// What is signed, its SERIAL and its challenge stay, or it does not go out.
		await this.#context.store.durable();
		let left = segments;
		for (let round = 1; left.length > 0; round++) {
			const missing: Buffer[] = [];
			for (const tpdu of left) {
				try {
					await this.#deliverSegment(imsi, tpdu);
				} catch (error) {
					if (round === ROUNDS || !(error instanceof Refusal && error.code === "no-acknowledgement")) throw error;
					missing.push(tpdu);
				}
			}
			left = missing;
		}
	}
}

/** A device that does not take it is not written to for ever; each time it is located it gets another chance. */
function isPatienceOver(due: Due, { offer }: Device, { at }: SignedBootstrap): boolean {
	if (due === "application") return Date.now() - at > APPLICATION_MS;
	return due === "update" && offer !== undefined && isGivenUp(offer);
}
