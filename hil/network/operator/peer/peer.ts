import { X509Certificate } from "node:crypto";
import { readReceipt } from "../../../../host/wire/management/objects.ts";
import { emit, step } from "../../../../host/wire/report/events.ts";
import { Refusal, type Routes } from "../../shared/http.ts";
import { rootHash } from "../../shared/registry.ts";
import type { OperatorContext } from "../context.ts";
import type { Drf } from "../drf/drf.ts";

interface Register {
	readonly id: string;
	readonly treId: string;
	readonly provUrl: string;
	/** CertSHO[i+1], base64 DER. */
	readonly certificate: string;
	/** Protected DM account with nonceA, base64. */
	readonly account: string;
}

/** What SHO[i+1] may ask of SHO[i], by mutual TLS (documents.md, "Operator to operator"). */
export function peerRoutes(context: OperatorContext, drf: Drf): Routes {
	const { store, config, registry, keys } = context;

	/** Each message has an id and may be repeated without effect. */
	const once = async (id: string, caller: string, run: () => Promise<object>): Promise<object> => {
		const key = `${caller} ${id}`;
		return store.answered.get(key) ?? store.answered.put(key, await run());
	};

	const served = (treId: string) => {
		const device = store.devices.get(treId);
		if (!device || device.left) throw new Refusal("device-unknown", `${config.shoId} does not serve ${treId}`, 404);
		return device;
	};

	return {
		"POST /peer/register": (body: Register, caller: string) =>
			once(body.id, caller, async () => {
				served(body.treId);
				const peer = registry.operator(caller);
				const certificate = Buffer.from(body.certificate, "base64");
				if (!peer || !rootHash(peer.certificate).equals(rootHash(certificate))) {
					throw new Refusal("certificate-mismatch", "CertSHO[i+1] is not that of the caller");
				}
				const change = await step(
					{
						clause: "B.2.3.2",
						from: config.shoId,
						to: `${config.shoId} DRF`,
						what: "TRE_id mapped to the subscription, register updated",
					},
					() =>
						store.outgoing.put(body.treId, {
							treId: body.treId,
							toSho: caller,
							provUrl: body.provUrl,
							certificate: body.certificate,
							account: body.account,
							state: "registered",
						}),
				);
				setImmediate(() =>
					drf
						.sendChange(change)
						.catch((error: Error) => emit({ event: "problem", what: `bootstrap to ${body.treId}: ${error.message}` })),
				);
				return {};
			}),

		"POST /peer/committed": ({ id, treId, receipt }: { id: string; treId: string; receipt: string }, caller: string) =>
			once(id, caller, async () => {
				const device = served(treId);
				const key = new X509Certificate(Buffer.from(device.certSign, "base64")).publicKey;
				const said = readReceipt(receipt, key);
				const peer = registry.operator(caller);
				if (said.treId !== treId || said.state !== "committed")
					throw new Refusal("receipt-mismatch", "the receipt says no such thing");
				if (
					said.currentRoot.equals(rootHash(keys.root.certificate)) ||
					!peer ||
					!said.currentRoot.equals(rootHash(peer.certificate))
				) {
					throw new Refusal("receipt-mismatch", "the receipt names another root");
				}
				// NOTE Z: subscription and certificates stay for error scenarios; REIGN and SERIAL are done.
				store.devices.update(treId, { left: true });
				store.outgoing.update(treId, { state: "committed" });
				return {};
			}),
	};
}
