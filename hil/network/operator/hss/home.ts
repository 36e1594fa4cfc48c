import {
	ANY_HOST,
	type AuthInfoRequest,
	type LocationRequest,
	type PacketDataRequest,
	type UplinkMessage,
} from "../../shared/home.ts";
import { Refusal, type Routes } from "../../shared/http.ts";
import { field, insist } from "../../shared/shape.ts";
import type { OperatorContext } from "../context.ts";
import { nextVector, resynchronise } from "./vectors.ts";

function subscriberOf(context: OperatorContext, imsi: string) {
	const subscriber = context.store.subscribers.get(imsi);
	if (!subscriber) throw new Refusal("imsi-unknown", `${imsi} is no subscriber of ${context.config.shoId}`, 404);
	return subscriber;
}

/** Who wants to know what a subscriber does. */
export interface SubscriberListener {
	/** After each location update. */
	located(imsi: string): void;
	/** Packet data was granted. */
	connected(imsi: string): void;
	/** A short message of the subscriber. Throws a Refusal where it is none that is taken. */
	received(imsi: string, contentType: string, body: Buffer): Promise<void>;
}

/** HLR/AuC and packet gateway of an operator. */
export function homeRoutes(context: OperatorContext, listener: SubscriberListener): Routes {
	const { store, config } = context;
	return {
		"POST /auth-info": ({ imsi, rand, auts }: AuthInfoRequest) => {
			const subscriber = subscriberOf(context, imsi);
			if (auts !== undefined) {
				const seq = resynchronise(subscriber, Buffer.from(rand ?? "", "hex"), Buffer.from(auts, "hex"));
				if (seq === undefined) throw new Refusal("auts-invalid", "MAC-S does not verify");
				store.subscribers.update(imsi, { seq });
			}
			const { vector, seq } = nextVector(subscriberOf(context, imsi));
			store.subscribers.update(imsi, { seq });
			return { vector };
		},
		"POST /update-location": ({ imsi, vno }: LocationRequest) => {
			subscriberOf(context, imsi);
			store.subscribers.update(imsi, { vno });
			// After the answer: the visited network has to know the device before a message can reach it.
			setImmediate(() => listener.located(imsi));
			return {};
		},
		"POST /short-message": async ({ imsi, contentType, body }: UplinkMessage) => {
			subscriberOf(context, imsi);
			insist({ contentType, body }, { contentType: field.name, body: field.base64(1, 32_768) });
			await listener.received(imsi, contentType, Buffer.from(body, "base64"));
			return {};
		},
		"POST /packet-data": ({ imsi, apn }: PacketDataRequest) => {
			subscriberOf(context, imsi);
			if (apn !== config.apn) throw new Refusal("apn-unknown", `${apn} is no access point of ${config.shoId}`);
			listener.connected(imsi);
			const provisioning = context.registry.content.operators.map((entry) => entry.dpf.host);
			return { egress: config.egress === "any" ? [ANY_HOST] : provisioning };
		},
	};
}
