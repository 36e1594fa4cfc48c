import { Refusal, type Routes } from "../../shared/http.ts";
import type { OperatorContext } from "../context.ts";
import { nextVector, resynchronise, type Vector } from "./vectors.ts";

/** What visited networks ask of a home network; GSUP takes this interface's place. */
export interface HomeNetwork {
	sendAuthInfo(request: { imsi: string; rand?: string; auts?: string }): Promise<{ vector: Vector }>;
	updateLocation(request: { imsi: string; vno: string }): Promise<object>;
	packetData(request: { imsi: string; apn: string }): Promise<{ egress: readonly string[] }>;
}

/** Egress that allows every host. */
export const ANY_HOST = "*";

function subscriberOf(context: OperatorContext, imsi: string) {
	const subscriber = context.store.subscribers.get(imsi);
	if (!subscriber) throw new Refusal("imsi-unknown", `${imsi} is no subscriber of ${context.config.shoId}`, 404);
	return subscriber;
}

/** HLR/AuC and packet gateway of an operator. `located` runs after each location update. */
export function homeRoutes(context: OperatorContext, located: (imsi: string) => void): Routes {
	const { store, config } = context;
	return {
		"POST /auth-info": ({ imsi, rand, auts }: { imsi: string; rand?: string; auts?: string }) => {
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
		"POST /update-location": ({ imsi, vno }: { imsi: string; vno: string }) => {
			subscriberOf(context, imsi);
			store.subscribers.update(imsi, { vno });
			// After the answer: the visited network has to know the device before a message can reach it.
			setImmediate(() => located(imsi));
			return {};
		},
		"POST /packet-data": ({ imsi, apn }: { imsi: string; apn: string }) => {
			subscriberOf(context, imsi);
			if (apn !== config.apn) throw new Refusal("apn-unknown", `${apn} is no access point of ${config.shoId}`);
			const provisioning = context.registry.content.operators.map((entry) => entry.dpf.host);
			return { egress: config.egress === "any" ? [ANY_HOST] : provisioning };
		},
	};
}
