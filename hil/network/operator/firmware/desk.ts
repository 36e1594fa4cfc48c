import { randomUUID } from "node:crypto";
import { type Bundle, BundleError, bundleDigest, openBundle } from "../../../../firmware/contract/bundle.ts";
import { image } from "../../../../firmware/contract/image.ts";
import { step } from "../../../../host/wire/report/events.ts";
import { fumoAlerts, fumoNodes, fumoResultOf } from "../../../../host/wire/syncml/fumo.ts";
import { type Item, status } from "../../../../host/wire/syncml/message.ts";
import { Refusal } from "../../shared/refusal.ts";
import { rootHash } from "../../shared/registry.ts";
import { dpfHost, type OperatorContext } from "../context.ts";
import type { ServedAccount } from "../dpf/accounts.ts";
import type { Outcome } from "../dpf/outcome.ts";
import { prepareAccount, prepareOffer } from "../provisioning/objects.ts";
import type { Device, FirmwareOffer, FirmwarePackage } from "../records.ts";
import { accepted, accountBefore, isOver } from "./offer.ts";

/** Under the address of the DPF, and under its certificate. */
export const PACKAGES_PATH = "/packages/";
/** Packages that are kept for offers that have not ended. */
const MAX_PACKAGES = 16;

const nothing = (code: number): Outcome => ({ code, commands: [] });

interface Offered {
	readonly version: string;
	readonly digest: Buffer;
	readonly what: FirmwareOffer["what"];
}

/** Firmware over the air (B.2.3.6, tag `update`): offers, the packages that they name, and the sessions about them. */
export class FirmwareDesk {
	readonly #context: OperatorContext;
	readonly #onOffer: (treId: string) => void;

	/** `onOffer`: there is a bootstrap to be signed and sent. */
	constructor(context: OperatorContext, onOffer: (treId: string) => void) {
		this.#context = context;
		this.#onOffer = onOffer;
	}

	/** Offers the firmware of a bundle to a device; it takes the place of what was offered before. Refused by name. */
	offer(treId: string, octets: Uint8Array): FirmwareOffer {
		const device = this.#served(treId);
		const { digest, pack } = readPackage(octets);
		return this.#put(device, { version: pack.version, digest, what: "firmware" }, () =>
			this.#keep(treId, digest.toString("hex"), pack),
		);
	}

	/** Takes back what was offered, where the TRE may have it. Refused by name. */
	withdraw(treId: string): FirmwareOffer {
		const device = this.#served(treId);
		if (!device.offer || device.offer.what === "none")
			throw new Refusal("no-offer", `${treId} was not offered any firmware`, 404);
		return this.#put(device, { version: NO_VERSION, digest: Buffer.alloc(32), what: "none" }, () => undefined);
	}

	#served(treId: string): Device {
		const device = this.#context.store.devices.get(treId);
		if (!device || device.left) throw new Refusal("device-unknown", `${treId} is not served here`, 404);
		if (device.reign === "") throw new Refusal("device-unknown", `${treId} has not left its factory yet`, 404);
		return device;
	}

	#put(device: Device, firmware: Offered, beside: () => void): FirmwareOffer {
		const { store } = this.#context;
		const offer = this.#prepare(device, firmware);
		store.atomically(() => {
			beside();
			store.devices.update(device.treId, { offer });
		});
		this.#onOffer(device.treId);
		return offer;
	}

	/** Octets of a package, for whoever has been told its name. */
	packageOf(path: string): Buffer | undefined {
		const found = this.#context.store.firmware.get(path.slice(PACKAGES_PATH.length));
		return found && Buffer.from(found.octets, "base64");
	}

	/** A Generic Alert about firmware, in a session under that account: only the offer's own has a say. */
	async takeAlert(account: ServedAccount, { type, data }: Item): Promise<Outcome> {
		const { treId } = account;
		const offer = this.#context.store.devices.get(treId)?.offer;
		if (!offer || account.for !== "offer" || account.id !== offer.id) return nothing(status.notFound);
		// Said before, and the answer was lost.
		if (type === fumoAlerts.result && offer.state.kind === "ended") return nothing(status.ok);
		if (isOver(offer) || offer.what === "none") return nothing(status.notFound);
		if (type === fumoAlerts.request) return this.#tellWhere(treId, offer);
		if (type === fumoAlerts.result) return this.#takeResult(treId, offer, Number(data));
		return nothing(status.badRequest);
	}

	/** The session's account came with the offer, inside what only this TRE opens: so the TRE has taken it. */
	async #tellWhere(treId: string, offer: FirmwareOffer): Promise<Outcome> {
		const { config, store } = this.#context;
		const { version, digest } = offer;
		store.devices.update(treId, { offer: accepted(offer) });
		const url = `https://${dpfHost(config.shoId)}${PACKAGES_PATH}${digest}`;
		const leaf = (target: string, data: string) => ({ target, format: "chr", data });
		return step(
			{ clause: "B.2.3.6", from: `${config.shoId} DPF`, to: "M2ME", what: `PkgURL of firmware ${version}` },
			() => ({
				code: status.accepted,
				commands: [
					{
						name: "Replace" as const,
						items: [leaf(fumoNodes.name, "TRE firmware"), leaf(fumoNodes.version, version), leaf(fumoNodes.url, url)],
					},
					{ name: "Exec" as const, items: [{ target: fumoNodes.downloadAndUpdate }] },
				],
			}),
		);
	}

	async #takeResult(treId: string, offer: FirmwareOffer, result: number): Promise<Outcome> {
		if (!Number.isInteger(result) || result < 200 || result > 599) return nothing(status.badRequest);
		const { config, store } = this.#context;
		const what = `firmware ${offer.version}: ${result}, ${fumoResultOf(result) ?? "a code that is not known here"}`;
		await step({ clause: "B.2.3.6", from: "M2ME", to: `${config.shoId} DPF`, what }, () =>
			store.devices.update(treId, { offer: { ...offer, state: { kind: "ended", result } } }),
		);
		return nothing(status.ok);
	}

	#prepare({ treId, certEncrypt, offer: before }: Device, { version, digest, what }: Offered): FirmwareOffer {
		const { config, keys } = this.#context;
		const certificate = Buffer.from(certEncrypt, "base64");
		const root = rootHash(keys.root.certificate);
		const { object, user, clientPassword, serverPassword, clientNonce, serverNonce } = prepareAccount(
			...[treId, certificate, root, config.shoId],
		);
		const former = accountBefore(before);
		return {
			...{ id: randomUUID(), what },
			...(what === "none" ? { digest: "", version: "" } : { digest: digest.toString("hex"), version }),
			object: prepareOffer(treId, certificate, root, { version, digest, what }).toString("base64"),
			account: {
				...{ object: object.toString("base64"), user, clientPassword, serverPassword },
				...{ clientNonce: clientNonce.toString("base64"), serverNonce: serverNonce.toString("base64") },
			},
			...(former ? { former } : {}),
			state: { kind: "offered", untaken: 0 },
		};
	}

	/** Packages that nobody else is offered any more make room. */
	#keep(treId: string, digest: string, pack: FirmwarePackage): void {
		const { firmware, devices } = this.#context.store;
		const others = devices.all().filter((one) => one.treId !== treId && !one.left);
		const wanted = new Set(others.flatMap(({ offer }) => (offer && !isOver(offer) ? [offer.digest] : [])));
		if (wanted.size >= MAX_PACKAGES && !wanted.has(digest))
			throw new Refusal("too-many", `${MAX_PACKAGES} firmwares are being offered already`, 409);
		for (const key of firmware.keys()) if (!wanted.has(key) && key !== digest) firmware.delete(key);
		if (!firmware.get(digest)) firmware.put(digest, pack);
	}
}

/** Whether the factory has signed it, the TRE finds out. */
function readPackage(octets: Uint8Array): { readonly digest: Buffer; readonly pack: FirmwarePackage } {
	const { board, slots } = read(octets);
	const [version = NONE, ...others] = slots.map(({ header }) => header.version);
	if (slots.length !== image.SLOTS || others.some((other) => other !== version) || version === NONE)
		throw new Refusal(
			"bundle-damaged",
			`an offer takes a bundle of ${image.SLOTS} slots and one version from 0.0.1 on`,
			400,
		);
	return {
		digest: bundleDigest(slots.map((slot) => slot.octets)),
		pack: { board, version, octets: Buffer.from(octets).toString("base64") },
	};
}

const NONE = "0.0.0";
/** What takes an offer back has to have one. */
const NO_VERSION = "0.0.1";

function read(octets: Uint8Array): Bundle {
	try {
		return openBundle(octets);
	} catch (error) {
		if (!(error instanceof BundleError)) throw error;
		throw new Refusal("bundle-damaged", `${error.message}; ${error.advice}`, 400);
	}
}
