import { timingSafeEqual, X509Certificate } from "node:crypto";
import { readReceipt } from "../../../../host/wire/management/objects.ts";
import { step } from "../../../../host/wire/report/events.ts";
import { Refusal, type Routes } from "../../shared/http.ts";
import { rootHash } from "../../shared/registry.ts";
import type { OperatorContext } from "../context.ts";
import { isOpen } from "../drf/change.ts";
import type { Drf } from "../drf/drf.ts";
import { endKey } from "../drf/register.ts";
import { releaseCodeHash } from "../registration/release-code.ts";
import type { Device } from "../store.ts";
import type { PeerRequest } from "./messages.ts";
import { answeringOnce } from "./once.ts";

/** What SHO[i+1] may ask of SHO[i] (B.2.3.2 step 2; docs/documents.md, "Operator to operator"). */
export function currentShoRoutes(context: OperatorContext, drf: Drf): Routes {
	const { store, config, registry, keys } = context;
	const once = answeringOnce(context);

	const served = (treId: string): Device => {
		const device = store.devices.get(treId);
		if (!device || device.left) throw new Refusal("device-unknown", `${config.shoId} does not serve ${treId}`, 404);
		return device;
	};

	/** A photographed label is not enough where the operator asks for the code of the delivery note. */
	const checkRelease = (device: Device, code: string | undefined): void => {
		if (config.releaseCode === "ignored") return;
		const given = Buffer.from(releaseCodeHash(code ?? ""));
		if (!device.releaseCode || !timingSafeEqual(given, Buffer.from(device.releaseCode))) {
			throw new Refusal("release-code", `${device.treId} is not released: its release code is missing or wrong`, 409);
		}
	};

	/** One change at a time: whoever came first keeps his place until he withdraws. */
	const checkOrder = ({ treId, attempt }: PeerRequest<"register">, caller: string): void => {
		const known = store.outgoing.get(treId);
		if (!known) return;
		if (known.toSho === caller) {
			if (attempt <= known.attempt) throw new Refusal("register-stale", "a later attempt is known already");
		} else if (isOpen(known)) {
			throw new Refusal("change-under-way", `${treId} is on its way to another SHO; it has to withdraw first`);
		}
	};

	const register = async (body: PeerRequest<"register">, caller: string): Promise<object> => {
		const device = served(body.treId);
		const certificate = Buffer.from(body.certificate, "base64");
		const peer = registry.operator(caller);
		if (!peer || !rootHash(peer.certificate).equals(rootHash(certificate)))
			throw new Refusal("certificate-mismatch", "CertSHO[i+1] is not that of the caller");
		// Heard before, and the answer was lost.
		if (store.outgoing.get(body.treId)?.changeId === body.changeId) return {};
		checkRelease(device, body.releaseCode);
		checkOrder(body, caller);
		const what = "TRE_id mapped to the subscription, register updated";
		await step({ clause: "B.2.3.2", from: config.shoId, to: `${config.shoId} DRF`, what }, () => {
			const { treId, changeId, attempt, provUrl, certificate, account } = body;
			const change = { treId, changeId, attempt, provUrl, certificate, account, toSho: caller };
			store.outgoing.put(treId, { ...change, state: "registered" });
		});
		drf.changed(body.treId);
		return {};
	};

	const withdraw = ({ treId, changeId, challenge }: PeerRequest<"withdraw">, caller: string): object => {
		served(treId);
		const change = store.outgoing.get(treId);
		if (change?.toSho !== caller || change.changeId !== changeId)
			throw new Refusal("no-open-change", `no such change of ${treId} to ${caller} is open`);
		drf.withdraw(change, challenge);
		return {};
	};

	const committed = ({ treId, changeId, receipt }: PeerRequest<"committed">, caller: string): object => {
		const device = served(treId);
		const said = readReceipt(receipt, new X509Certificate(Buffer.from(device.certSign, "base64")).publicKey);
		const peer = registry.operator(caller);
		if (said.treId !== treId || said.state !== "committed")
			throw new Refusal("receipt-mismatch", "the receipt says no such thing");
		const own = rootHash(keys.root.certificate);
		if (said.currentRoot.equals(own) || !peer || !said.currentRoot.equals(rootHash(peer.certificate)))
			throw new Refusal("receipt-mismatch", "the receipt names another root");
		const change = store.outgoing.get(treId);
		if (change?.toSho !== caller || change.changeId !== changeId || !isOpen(change))
			throw new Refusal("no-open-change", `no such change of ${treId} to ${caller} is open`);
		if (store.ended.get(endKey(treId, said)))
			throw new Refusal("receipt-replayed", "the receipt ended an earlier change");
		store.atomically(() => {
			store.ended.put(endKey(treId, said), { nonceB: said.nonceB.toString("base64") });
			// NOTE Z: subscription and certificates stay for error scenarios; REIGN and SERIAL are done.
			store.devices.update(treId, { left: true, challenge: undefined });
			store.outgoing.update(treId, { state: "committed" });
		});
		return {};
	};

	return {
		"POST /peer/register": (body: PeerRequest<"register">, caller: string) =>
			once(body.id, caller, () => register(body, caller)),
		"POST /peer/withdraw": (body: PeerRequest<"withdraw">, caller: string) =>
			once(body.id, caller, () => withdraw(body, caller)),
		"POST /peer/committed": (body: PeerRequest<"committed">, caller: string) =>
			once(body.id, caller, () => committed(body, caller)),
	};
}
