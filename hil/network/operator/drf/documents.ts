import type { DmAccount } from "../../../../host/wire/prov/account.ts";
import { type BootstrapKind, type Nap, signBootstrap, writeBootstrap } from "../../../../host/wire/prov/bootstrap.ts";
import { bootstrapPush, deliveryOf, serviceCentreOf } from "../../../../host/wire/push/delivery.ts";
import { emit } from "../../../../host/wire/report/events.ts";
import { type OperatorContext, provUrl } from "../context.ts";
import type { Device, FirmwareOffer, OutgoingChange, SignedBootstrap } from "../records.ts";

/** Signs a bootstrap of this operator with the next SERIAL of the device's reign (docs/documents.md, "Bootstrap"). */
export class BootstrapDesk {
	readonly #context: OperatorContext;

	constructor(context: OperatorContext) {
		this.#context = context;
	}

	initial(device: Device): SignedBootstrap {
		return this.#sign(device, "initial", "bootstrap");
	}

	/** An initial bootstrap that moves the SERIAL past a change which must not happen any more. */
	voiding(device: Device): SignedBootstrap {
		return this.#sign(device, "initial", "void");
	}

	change(device: Device, change: OutgoingChange): SignedBootstrap {
		return this.#sign(device, "change", "bootstrap", change);
	}

	withdrawal(device: Device, change: OutgoingChange): SignedBootstrap {
		return this.#sign(device, "withdraw", "withdraw", change);
	}

	/**
	 * An account of the context of M2M applications; it goes with the operator's access point, and its credentials in
	 * clear, as OMA Client Provisioning has them. So no copy of it is told.
	 */
	application({ treId, reign }: Device, account: DmAccount): SignedBootstrap {
		const { config, keys } = this.#context;
		const serial = this.#nextSerial({ treId });
		const naps = [this.#nap()];
		const bootstrap = { kind: "application" as const, name: config.shoId, treId, reign, serial, naps };
		const document = writeBootstrap({
			...bootstrap,
			accounts: [{ ...account, napId: account.napId ?? naps[0]?.napId }],
		});
		return { reign, serial, sent: signBootstrap(document, keys.root.key).sent, at: Date.now() };
	}

	/** B.2.3.6: an offer of firmware; what is in it only the TRE can open. */
	update(device: Device, { object, account, version }: FirmwareOffer): SignedBootstrap {
		const { config, keys } = this.#context;
		const { treId, reign } = device;
		const serial = this.#nextSerial(device);
		const update = {
			provUrl: provUrl(config.shoId),
			offer: Buffer.from(object, "base64"),
			account: Buffer.from(account.object, "base64"),
		};
		const document = { kind: "update" as const, name: config.shoId, treId, reign, serial, naps: [this.#nap()], update };
		const signed = signBootstrap(writeBootstrap(document), keys.root.key);
		const about = { kind: "update", version };
		emit({ event: "document", name: "offer.xml", treId, content: signed.document, about });
		emit({ event: "document", name: "offer.sig.xml", treId, content: signed.signature, about });
		const bootstrap = { reign, serial, sent: signed.sent, at: Date.now() };
		this.#tellPush(device, "offer", bootstrap, about);
		return bootstrap;
	}

	#nap(): Nap {
		const { shoId, apn } = this.#context.config;
		return { napId: "NAP1", name: shoId, apn };
	}

	#sign(device: Device, kind: BootstrapKind, document: string, change?: OutgoingChange): SignedBootstrap {
		const { config, keys } = this.#context;
		const { treId, reign } = device;
		const serial = this.#nextSerial(device);
		const name = change?.toSho ?? config.shoId;
		const signed = signBootstrap(
			writeBootstrap({
				...{ kind, name, treId, reign, serial },
				naps: kind === "withdraw" ? [] : [this.#nap()],
				change:
					kind === "change" && change
						? {
								provUrl: change.provUrl,
								certificate: Buffer.from(change.certificate, "base64"),
								account: Buffer.from(change.account, "base64"),
								fallback: config.fallback,
							}
						: undefined,
			}),
			keys.root.key,
		);
		const about = { kind: document === "bootstrap" ? kind : document, toSho: name };
		emit({ event: "document", name: `${document}.xml`, treId, content: signed.document, about });
		emit({ event: "document", name: `${document}.sig.xml`, treId, content: signed.signature, about });
		const bootstrap = { reign, serial, sent: signed.sent, at: Date.now() };
		this.#tellPush(device, document, bootstrap, about);
		return bootstrap;
	}

	/** The SMS-DELIVER TPDUs in which it travels, the same ones each time. */
	segments({ imsi }: Device, { sent, at }: SignedBootstrap): readonly Buffer[] {
		return deliveryOf(bootstrapPush(sent, imsi), serviceCentreOf(this.#context.config.shoId), new Date(at));
	}

	/** What of it goes over the air: the body of the push, and its segments, one a line. */
	#tellPush(device: Device, document: string, bootstrap: SignedBootstrap, about: Record<string, string>): void {
		const { treId, imsi } = device;
		const content = Buffer.from(bootstrapPush(bootstrap.sent, imsi).body).toString("base64");
		emit({ event: "document", name: `${document}.wbxml`, treId, content, encoding: "base64", about });
		const lines = this.segments(device, bootstrap).map((tpdu) => `${tpdu.toString("hex")}\n`);
		const name = document === "bootstrap" ? "push.hex" : `${document}.push.hex`;
		emit({ event: "document", name, treId, content: lines.join(""), about });
	}

	/** Durable before the bootstrap that carries it exists. */
	#nextSerial({ treId }: Pick<Device, "treId">): number {
		const { devices } = this.#context.store;
		const serial = (devices.get(treId)?.serial ?? 0) + 1;
		return devices.update(treId, { serial }).serial;
	}
}
