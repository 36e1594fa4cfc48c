import { type DmAccount, readAccount, writeAccount } from "../../../../host/wire/prov/account.ts";
import { ProvisioningError, readProvisioning, writeProvisioning } from "../../../../host/wire/prov/document.ts";
import { onlyStaff } from "../../shared/access.ts";
import type { Routes } from "../../shared/http.ts";
import { Refusal } from "../../shared/refusal.ts";
import { field, insist } from "../../shared/shape.ts";
import type { OperatorContext } from "../context.ts";
import { leavesEndInDays } from "../context.ts";
import { isOpen } from "../drf/change.ts";
import type { Drf } from "../drf/drf.ts";
import type { FirmwareDesk } from "../firmware/desk.ts";
import type { Device, FirmwareOffer, OfferState, OutgoingChange, Registration } from "../records.ts";
import type { Registrar, Subscription } from "../registration/registrar.ts";
import { isReleasedBy } from "../registration/release-code.ts";

/** How far an offer of firmware is; `result` is a FUMO code, and the word of the device's host. */
export interface OfferStatus {
	/** Empty where an offer is taken back. */
	readonly version: string;
	readonly state: OfferState["kind"];
	/** Receipts in which the TRE had not taken it. */
	readonly untaken?: number;
	readonly result?: number;
}

const offerStatus = ({ version, state }: FirmwareOffer): OfferStatus => ({
	...{ version, state: state.kind },
	...(state.kind === "ended" ? { result: state.result } : {}),
	...(state.kind === "offered" && state.untaken > 0 ? { untaken: state.untaken } : {}),
});

/** Where an operator stands with its devices, for people and for the bench. */
export interface OperatorStatus {
	readonly shoId: string;
	/** Days until the first of its TLS leaves ends. */
	readonly leavesEndInDays: number;
	/** Devices that it serves, or has served. */
	readonly devices: readonly (Pick<Device, "treId" | "imsi" | "left" | "serial" | "bootstrapped"> & {
		/** Servers of M2M applications whose account is on its way. */
		readonly applications: readonly string[];
		/** Firmware that it offers, or offered last. */
		readonly offer?: OfferStatus;
	})[];
	/** Devices that it is to get, or got. */
	readonly registrations: readonly Pick<
		Registration,
		"treId" | "imsi" | "state" | "fromSho" | "tries" | "delivered" | "told" | "why"
	>[];
	/** Devices that it is to give away, or gave away. */
	readonly changes: readonly Pick<OutgoingChange, "treId" | "toSho" | "state" | "delivered">[];
}

/** What the owner of a device that is served here hands in to keep it. */
interface Keep {
	readonly treId: string;
	readonly releaseCode: string;
	/** SHA-256 of the release code from now on, hex: the one before it may have been shown around. */
	readonly nextRelease: string;
}

/** The owner of a device that is served here wants his M2M application's server to manage it. */
interface NewApplication {
	readonly treId: string;
	readonly releaseCode?: string;
	readonly account: DmAccount;
}

const MAX_PENDING = 8;
/** Octets of a bundle, and of a request with one in base64. */
const MAX_BUNDLE = 3 * 1024 * 1024;
const MAX_OFFER = MAX_BUNDLE * 1.5;
/** Octets of an account: a bootstrap has to fit into what a TRE takes, and into few short messages. */
const MAX_ACCOUNT = 4096;

const text = field.optional(field.name);
const accountShape = {
	...{ serverId: field.name, name: text, address: field.name, napId: text },
	init: (value: unknown) => (typeof value === "boolean" ? undefined : "is neither true nor false"),
	credentials: (value: unknown) => (Array.isArray(value) ? undefined : "is no list"),
};
const credentialShape = { level: field.name, type: text, name: text, secret: text, data: text };

/** As its bootstrap will be read: what passes here fits there. What is said of a fault does not quote it. */
function accountOf(body: unknown): DmAccount {
	insist(body, accountShape);
	const account = body as DmAccount;
	for (const credential of account.credentials) insist(credential, credentialShape);
	const document = writeProvisioning([writeAccount(account)]);
	if (document.length > MAX_ACCOUNT) throw new Refusal("malformed", "the account is too long", 400);
	try {
		return readProvisioning(document).map(readAccount)[0] as DmAccount;
	} catch (error) {
		if (!(error instanceof ProvisioningError)) throw error;
		throw new Refusal("malformed", `no DM account (docs/oma-cp.md): ${error.message}`, 400);
	}
}

/** The subscriber's side of B.2.3.2: registration, and changing one's mind, here or at the new SHO. */
export function portalRoutes(
	{ store, config, keys }: OperatorContext,
	registrar: Registrar,
	drf: Drf,
	firmware: FirmwareDesk,
): Routes {
	const keep = (body: Keep): object => {
		insist(body, { treId: field.treId, releaseCode: field.name, nextRelease: field.sha256 });
		const device = store.devices.get(body.treId);
		if (!device || device.left) throw new Refusal("device-unknown", `${body.treId} is not served here`, 404);
		// The same once more: its answer was lost.
		const again = device.releaseCode === body.nextRelease;
		if (!again && !isReleasedBy(body.releaseCode, device.releaseCode))
			throw new Refusal("release-code", "the release code is not that of the device", 403);
		const change = store.outgoing.get(body.treId);
		// A repeat only tells what the first one did: whoever has read the hash somewhere can do nothing with it.
		if (!again) {
			store.atomically(() => {
				store.devices.update(body.treId, { releaseCode: body.nextRelease });
				if (change && isOpen(change) && change.state !== "withdrawing") drf.withdraw(change, "");
			});
		}
		return { state: store.outgoing.get(body.treId)?.state ?? "none" };
	};
	/** One account for each server: a later one takes the place of one that is still on its way. */
	const addApplication = (body: NewApplication): object => {
		insist(body, { treId: field.treId, releaseCode: field.optional(field.name) });
		const account = accountOf(body.account);
		const device = store.devices.get(body.treId);
		if (!device || device.left) throw new Refusal("device-unknown", `${body.treId} is not served here`, 404);
		if (config.releaseCode === "required" && !isReleasedBy(body.releaseCode, device.releaseCode))
			throw new Refusal("release-code", "the release code is not that of the device", 403);
		const others = (device.applications ?? []).filter((one) => one.account.serverId !== account.serverId);
		if (others.length >= MAX_PENDING)
			throw new Refusal("too-many", `${MAX_PENDING} accounts are on their way already`, 409);
		store.devices.update(body.treId, { applications: [...others, { account }] });
		drf.changed(body.treId);
		return { pending: others.length + 1 };
	};
	const status = (): OperatorStatus => ({
		shoId: config.shoId,
		leavesEndInDays: leavesEndInDays(keys),
		devices: store.devices.all().map(({ treId, imsi, left, serial, bootstrapped, applications = [], offer }) => ({
			...{ treId, imsi, left, serial, bootstrapped },
			...(offer ? { offer: offerStatus(offer) } : {}),
			applications: applications.map(({ account }) => account.serverId),
		})),
		registrations: store.registrations.all().map(({ treId, imsi, state, fromSho, tries, delivered, told, why }) => ({
			...{ treId, imsi, state, fromSho, tries, delivered, told, why },
		})),
		changes: store.outgoing.all().map(({ treId, toSho, state, delivered }) => ({ treId, toSho, state, delivered })),
	});
	return {
		"POST /devices/application": addApplication,
		"POST /subscriptions": (body: Subscription) => registrar.subscribe(body),
		"POST /subscriptions/withdraw": (body: { treId: string; releaseCode: string }) => registrar.withdraw(body),
		"POST /devices/keep": keep,
		"POST /devices/offer": {
			most: MAX_OFFER,
			admits: onlyStaff,
			handle: (body: { treId: string; bundle: string }): object => {
				insist(body, { treId: field.treId, bundle: field.base64(1, MAX_BUNDLE) });
				const { version, digest } = firmware.offer(body.treId, Buffer.from(body.bundle, "base64"));
				return { version, digest };
			},
		},
		"POST /devices/offer/withdraw": (body: { treId: string }, caller: string): object => {
			onlyStaff(caller);
			insist(body, { treId: field.treId });
			firmware.withdraw(body.treId);
			return {};
		},
		"GET /status": (_body: never, caller: string): OperatorStatus => {
			onlyStaff(caller);
			return status();
		},
	};
}
