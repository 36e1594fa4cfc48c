import { onlyStaff } from "../../shared/access.ts";
import type { PacketDataRequest } from "../../shared/home.ts";
import type { Routes } from "../../shared/http.ts";
import { Refusal } from "../../shared/refusal.ts";
import { field, insist } from "../../shared/shape.ts";
import type { OperatorContext } from "../context.ts";

/** Octets of an SMS-DELIVER TPDU (TS 23.040 clause 9.2.2.1). */
const MAX_TPDU = 164;

/** One short message of the operator's staff for a subscriber: an SMS-DELIVER TPDU, hex. */
interface ShortMessage {
	readonly imsi: string;
	readonly tpdu: string;
}

export interface HomeServices {
	/** Packet data was granted. */
	connected(imsi: string): void;
	deliver(imsi: string, tpdu: Buffer): Promise<void>;
}

/** What a home network does beside its HLR/AuC: the packet gateway, and the way into its service centre. */
export function homeRoutes(context: OperatorContext, services: HomeServices): Routes {
	const { store, config, registry } = context;
	const known = (imsi: string): void => {
		if (!store.subscribers.get(imsi))
			throw new Refusal("imsi-unknown", `${imsi} is no subscriber of ${config.shoId}`, 404);
	};
	return {
		"POST /short-message": async (message: ShortMessage, caller: string) => {
			onlyStaff(caller);
			insist(message, { imsi: field.imsi, tpdu: field.hex(MAX_TPDU) });
			known(message.imsi);
			await services.deliver(message.imsi, Buffer.from(message.tpdu, "hex"));
			return {};
		},
		"POST /packet-data": (body: PacketDataRequest, caller: string) => {
			insist(body, { imsi: field.imsi, apn: field.name });
			const { imsi, apn } = body;
			known(imsi);
			// Only the network where the subscriber is can have him on the air.
			if (store.locations.get(imsi)?.vno !== caller)
				throw new Refusal("not-located", `${imsi} is not located at ${caller}`, 403);
			if (apn !== config.apn) throw new Refusal("apn-unknown", `${apn} is no access point of ${config.shoId}`);
			services.connected(imsi);
			return { egress: registry.content.operators.map((entry) => entry.dpf.host) };
		},
	};
}
