import { randomUUID } from "node:crypto";
import { BundleError, bundleDigest, openBundle } from "../../../../firmware/contract/bundle.ts";
import { step } from "../../../../host/wire/report/events.ts";
import { fumoAlerts, fumoNodes, fumoResultOf } from "../../../../host/wire/syncml/fumo.ts";
import { type Item, type NodeCommand, status } from "../../../../host/wire/syncml/message.ts";
import { Refusal } from "../../shared/refusal.ts";
import { rootHash } from "../../shared/registry.ts";
import { dpfHost, type OperatorContext } from "../context.ts";
import { prepareAccount, prepareOffer } from "../provisioning/objects.ts";
import type { Device, FirmwareOffer, FirmwarePackage } from "../records.ts";

/** Under the address of the DPF, and under its certificate. */
export const PACKAGES_PATH = "/packages/";
/** Packages that are kept for offers that have not ended. */
const MAX_PACKAGES = 16;

/** What a DM session is answered with. */
interface Outcome {
	readonly code: number;
	readonly commands: readonly Omit<NodeCommand, "cmdId">[];
}

const nothing = (code: number): Outcome => ({ code, commands: [] });
const isOver = ({ state }: FirmwareOffer): boolean => state.kind === "ended" || state.kind === "refused";

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
		const { store } = this.#context;
		const device = store.devices.get(treId);
		if (!device || device.left) throw new Refusal("device-unknown", `${treId} is not served here`, 404);
		if (device.reign === "") throw new Refusal("device-unknown", `${treId} has not left its factory yet`, 404);
		const { digest, pack } = readPackage(octets);
		const offer = this.#prepare(device, digest, pack.version);
		store.atomically(() => {
			this.#keep(digest.toString("hex"), pack);
			store.devices.update(treId, { offer });
		});
		this.#onOffer(treId);
		return offer;
	}

	/** Octets of a package, for whoever has been told its name. */
	packageOf(path: string): Buffer | undefined {
		const found = this.#context.store.firmware.get(path.slice(PACKAGES_PATH.length));
		return found && Buffer.from(found.octets, "base64");
	}

	/** A Generic Alert about firmware. */
	async takeAlert(treId: string, { type, data }: Item): Promise<Outcome> {
		const offer = this.#context.store.devices.get(treId)?.offer;
		if (!offer) return nothing(status.notFound);
		// Said before, and the answer was lost.
		if (type === fumoAlerts.result && offer.state.kind === "ended") return nothing(status.ok);
		if (isOver(offer)) return nothing(status.notFound);
		if (type === fumoAlerts.request) return this.#tellWhere(treId, offer);
		if (type === fumoAlerts.result) return this.#takeResult(treId, offer, Number(data));
		return nothing(status.badRequest);
	}

	/** The session's account came with the offer, inside what only this TRE opens: so the TRE has taken it. */
	async #tellWhere(treId: string, offer: FirmwareOffer): Promise<Outcome> {
		const { config, store } = this.#context;
		const { state, version, digest } = offer;
		if (state.kind === "offered") {
			const { bootstrap } = state;
			const accepted = { kind: "accepted" as const, ...(bootstrap ? { bootstrap } : {}) };
			store.devices.update(treId, { offer: { ...offer, state: accepted } });
		}
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
		await step({ clause: "B.2.3.6", from: "M2ME", to: `${config.shoId} DPF`, what, mark: "updated" }, () =>
			store.devices.update(treId, { offer: { ...offer, state: { kind: "ended", result } } }),
		);
		return nothing(status.ok);
	}

	#prepare({ treId, certEncrypt }: Device, digest: Buffer, version: string): FirmwareOffer {
		const { config, keys } = this.#context;
		const certificate = Buffer.from(certEncrypt, "base64");
		const root = rootHash(keys.root.certificate);
		const { object, user, clientPassword, serverPassword, clientNonce, serverNonce } = prepareAccount(
			...[treId, certificate, root, config.shoId],
		);
		return {
			...{ id: randomUUID(), digest: digest.toString("hex"), version },
			object: prepareOffer(treId, certificate, root, { version, digest }).toString("base64"),
			account: {
				...{ object: object.toString("base64"), user, clientPassword, serverPassword },
				...{ clientNonce: clientNonce.toString("base64"), serverNonce: serverNonce.toString("base64") },
			},
			state: { kind: "offered", untaken: 0 },
		};
	}

	/** Packages that nobody is offered any more make room. */
	#keep(digest: string, pack: FirmwarePackage): void {
		const { firmware, devices } = this.#context.store;
		if (firmware.get(digest)) return;
		const wanted = new Set(devices.all().flatMap(({ offer }) => (offer && !isOver(offer) ? [offer.digest] : [])));
		if (wanted.size >= MAX_PACKAGES)
			throw new Refusal("too-many", `${MAX_PACKAGES} firmwares are being offered already`, 409);
		for (const key of firmware.keys()) if (!wanted.has(key)) firmware.delete(key);
		firmware.put(digest, pack);
	}
}

/** Whether the factory has signed it, the TRE finds out. */
function readPackage(octets: Uint8Array): { readonly digest: Buffer; readonly pack: FirmwarePackage } {
	try {
		const { board, slots } = openBundle(octets);
		const version = slots[0]?.header.version ?? "";
		return {
			digest: bundleDigest(slots.map((slot) => slot.octets)),
			pack: { board, version, octets: Buffer.from(octets).toString("base64") },
		};
	} catch (error) {
		if (!(error instanceof BundleError)) throw error;
		throw new Refusal("bundle-damaged", `${error.message}; ${error.advice}`, 400);
	}
}
