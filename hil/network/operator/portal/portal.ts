import { Refusal, type Routes } from "../../shared/http.ts";
import { field, insist } from "../../shared/shape.ts";
import type { OperatorContext } from "../context.ts";
import { isOpen } from "../drf/change.ts";
import type { Drf } from "../drf/drf.ts";
import type { Registrar, Subscription } from "../registration/registrar.ts";
import { isReleasedBy } from "../registration/release-code.ts";
import type { Device, OutgoingChange, Registration } from "../store.ts";

/** Where an operator stands with its devices, for people and for the bench. */
export interface OperatorStatus {
	readonly shoId: string;
	/** Devices that it serves, or has served. */
	readonly devices: readonly Pick<Device, "treId" | "imsi" | "left" | "serial" | "bootstrapped">[];
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

/** The subscriber's side of B.2.3.2: registration, and changing one's mind, here or at the new SHO. */
export function portalRoutes({ store, config }: OperatorContext, registrar: Registrar, drf: Drf): Routes {
	const keep = (body: Keep): object => {
		insist(body, { treId: field.treId, releaseCode: field.name, nextRelease: field.sha256 });
		const device = store.devices.get(body.treId);
		if (!device || device.left) throw new Refusal("device-unknown", `${body.treId} is not served here`, 404);
		// The same once more: its answer was lost.
		const again = device.releaseCode === body.nextRelease;
		if (!again && !isReleasedBy(body.releaseCode, device.releaseCode))
			throw new Refusal("release-code", "the release code is not that of the device", 403);
		store.devices.update(body.treId, { releaseCode: body.nextRelease });
		const change = store.outgoing.get(body.treId);
		if (change && isOpen(change) && change.state !== "withdrawing") drf.withdraw(change, "");
		return { state: store.outgoing.get(body.treId)?.state ?? "none" };
	};
	return {
		"POST /subscriptions": (body: Subscription) => registrar.subscribe(body),
		"POST /subscriptions/withdraw": (body: { treId: string; releaseCode: string }) => registrar.withdraw(body),
		"POST /devices/keep": keep,
		"GET /status": (): OperatorStatus => ({
			shoId: config.shoId,
			devices: store.devices
				.all()
				.map(({ treId, imsi, left, serial, bootstrapped }) => ({ treId, imsi, left, serial, bootstrapped })),
			registrations: store.registrations.all().map(({ treId, imsi, state, fromSho, tries, delivered, told, why }) => ({
				...{ treId, imsi, state, fromSho, tries, delivered, told, why },
			})),
			changes: store.outgoing.all().map(({ treId, toSho, state, delivered }) => ({ treId, toSho, state, delivered })),
		}),
	};
}
