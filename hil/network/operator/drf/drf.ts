import { type Bootstrap, signBootstrap, writeBootstrap } from "../../../../host/wire/prov/bootstrap.ts";
import { emit, step } from "../../../../host/wire/report/events.ts";
import { postJson } from "../../shared/http.ts";
import type { OperatorContext } from "../context.ts";
import type { Device, OutgoingChange } from "../store.ts";

/** Content type of a bootstrap while it travels as XML. */
export const BOOTSTRAP_TYPE = "text/vnd.wap.connectivity-xml";

/** A bootstrap may be lost anywhere on its way; the TRE answers a repeat with "already accepted". */
const RESEND_MS = 15_000;

/** Discovery and registration function: signs bootstraps and gets them to the device. */
export class Drf {
	readonly #context: OperatorContext;
	#timer: NodeJS.Timeout | undefined;

	constructor(context: OperatorContext) {
		this.#context = context;
	}

	/** Automatic device detection: the device has just been located (B.2.2.2). */
	located(imsi: string): void {
		const device = this.#context.store.devices.all().find((entry) => entry.imsi === imsi && !entry.left);
		if (!device) return;
		const change = this.#context.store.outgoing.get(device.treId);
		this.#send(device, change);
	}

	/** Goes on after a restart, and sends again what has not had its effect yet. */
	resume(): void {
		this.#timer = setInterval(() => this.#sendAgain(), RESEND_MS);
		this.#sendAgain();
	}

	close(): void {
		clearInterval(this.#timer);
	}

	#sendAgain(): void {
		for (const device of this.#context.store.devices.all()) {
			if (!device.left && device.reign !== "") this.#send(device, this.#context.store.outgoing.get(device.treId));
		}
	}

	#send(device: Device, change: OutgoingChange | undefined): void {
		const sending =
			change && change.state !== "committed"
				? this.sendChange(change)
				: device.bootstrapped
					? undefined
					: this.#sendInitial(device);
		sending?.catch((error: Error) =>
			emit({ event: "problem", what: `bootstrap to ${device.treId}: ${error.message}` }),
		);
	}

	/** Signs the change bootstrap once and hands it to the network that serves the device (B.2.3.3, step 3). */
	async sendChange(change: OutgoingChange): Promise<void> {
		const { store, config } = this.#context;
		const device = store.devices.get(change.treId);
		if (!device || device.left) throw new Error(`${change.treId} is not served by ${config.shoId}`);
		let sent = change.sent;
		if (!sent) {
			const serial = this.#nextSerial(device);
			sent = this.#sign({
				kind: "change",
				name: change.toSho,
				treId: device.treId,
				reign: device.reign,
				serial,
				naps: [this.#nap()],
				change: {
					provUrl: change.provUrl,
					certificate: Buffer.from(change.certificate, "base64"),
					account: Buffer.from(change.account, "base64"),
					fallback: config.fallback,
				},
			});
			store.outgoing.update(change.treId, { sent, state: "sent" });
		}
		await this.#deliver(
			device,
			sent,
			"B.2.3.3",
			`signed bootstrap for ${change.toSho}: PROVURL, CertSHO, protected DM account`,
		);
	}

	async #sendInitial(device: Device): Promise<void> {
		const { store, config } = this.#context;
		if (device.reign === "") throw new Error("the factory has not handed over its REIGN");
		let { initial } = device;
		if (!initial) {
			const serial = this.#nextSerial(device);
			initial = this.#sign({
				kind: "initial",
				name: config.shoId,
				treId: device.treId,
				reign: device.reign,
				serial,
				naps: [this.#nap()],
			});
			store.devices.update(device.treId, { initial });
		}
		await this.#deliver(device, initial, "B.2.2.2", "signed initial bootstrap with NAPDEF");
	}

	/** The device uses packet data, so it has its NAPDEF. */
	connected(imsi: string): void {
		const device = this.#context.store.devices.all().find((entry) => entry.imsi === imsi && !entry.left);
		if (device && !device.bootstrapped) this.#context.store.devices.update(device.treId, { bootstrapped: true });
	}

	#nap() {
		const { shoId, apn } = this.#context.config;
		return { napId: "NAP1", name: shoId, apn };
	}

	/** Durable before the bootstrap that carries it exists. */
	#nextSerial(device: Device): number {
		return this.#context.store.devices.update(device.treId, { serial: device.serial + 1 }).serial;
	}

	#sign(bootstrap: Bootstrap): string {
		const { document, signature, sent } = signBootstrap(writeBootstrap(bootstrap), this.#context.keys.root.key);
		const about = { kind: bootstrap.kind, toSho: bootstrap.name };
		emit({ event: "document", name: "bootstrap.xml", treId: bootstrap.treId, content: document, about });
		emit({ event: "document", name: "bootstrap.sig.xml", treId: bootstrap.treId, content: signature, about });
		return sent;
	}

	async #deliver(device: Device, sent: string, clause: string, what: string): Promise<void> {
		const { store, registry, config } = this.#context;
		const vnoId = store.subscribers.get(device.imsi)?.vno;
		const vno = vnoId === undefined ? undefined : registry.vno(vnoId);
		// It is sent when the device is located next.
		if (!vno) return;
		const body = Buffer.from(sent, "utf8").toString("base64");
		await step({ clause, from: `${config.shoId} DRF`, to: "M2ME", what }, () =>
			postJson(`${vno.sms}/short-message`, { imsi: device.imsi, contentType: BOOTSTRAP_TYPE, body }),
		);
	}
}
