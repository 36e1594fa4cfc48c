import type { Routes } from "../../shared/http.ts";
import type { OperatorContext } from "../context.ts";
import type { Registrar, Subscription } from "../registration/registrar.ts";
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

/** The subscriber's side of B.2.3.2: registration, and changing one's mind. */
export function portalRoutes({ store, config }: OperatorContext, registrar: Registrar): Routes {
	return {
		"POST /subscriptions": (body: Subscription) => registrar.subscribe(body),
		"POST /subscriptions/withdraw": ({ treId }: { treId: string }) => registrar.withdraw(treId),
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
