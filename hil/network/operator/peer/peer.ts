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

	const running = new Map<string, Promise<object>>();

	/** Each message has an id and may be repeated without effect, also while it is being worked on. */
	const once = (id: string, caller: string, run: () => Promise<object>): Promise<object> => {
		const key = `${caller} ${id}`;
		const known = running.get(key) ?? store.answered.get(key);
		if (known) return Promise.resolve(known);
		const work = run()
			.then((answer) => store.answered.put(key, answer))
			.finally(() => running.delete(key));
		running.set(key, work);
		return work;
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
				const change = store.outgoing.get(treId);
				if (change?.toSho !== caller || change.state === "committed") {
					throw new Refusal("no-open-change", `no change of ${treId} to ${caller} is open`);
				}
				const ended = `${treId} ${said.nonceB.toString("base64")}`;
				if (store.ended.get(ended)) throw new Refusal("receipt-replayed", "the receipt ended an earlier reign");
				store.ended.put(ended, { nonceB: said.nonceB.toString("base64") });
				// NOTE Z: subscription and certificates stay for error scenarios; REIGN and SERIAL are done.
				store.devices.update(treId, { left: true });
				store.outgoing.update(treId, { state: "committed" });
				return {};
			}),
	};
}
