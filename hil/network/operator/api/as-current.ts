import { randomBytes, X509Certificate } from "node:crypto";
import { type Receipt, readReceipt } from "../../../../host/wire/management/objects.ts";
import { step } from "../../../../host/wire/report/events.ts";
import { rootFault } from "../../shared/certificates.ts";
import type { Routes } from "../../shared/http.ts";
import { Refusal } from "../../shared/refusal.ts";
import { type OperatorEntry, rootHash } from "../../shared/registry.ts";
import type { OperatorContext } from "../context.ts";
import { isOpen } from "../drf/change.ts";
import type { Drf } from "../drf/drf.ts";
import { CHALLENGE_OCTETS, type PeerRequest, type Registered } from "../messages.ts";
import type { Device } from "../records.ts";
import { isReleasedBy } from "../registration/release-code.ts";
import { peerRoutes } from "./routes.ts";

/** What SHO[i+1] may ask of SHO[i] (B.2.3.2 step 2; docs/documents.md, "Operator to operator"). */
export function currentShoRoutes(context: OperatorContext, drf: Drf): Routes {
	const { store, config, registry } = context;

	const served = (treId: string): Device => {
		const device = store.devices.get(treId);
		if (!device || device.left) throw new Refusal("device-unknown", `${config.shoId} does not serve ${treId}`, 404);
		return device;
	};

	/** The change that this SHO speaks of, where it is the latest one. */
	const changeOf = ({ treId, changeId }: PeerRequest<"delivered">, caller: string) => {
		const change = store.outgoing.get(treId);
		return change?.toSho === caller && change.changeId === changeId ? change : undefined;
	};

	/** A photographed label is not enough where the operator asks for the code of the delivery note. */
	const checkRelease = (device: Device, code: string | undefined): void => {
		if (config.releaseCode === "required" && !isReleasedBy(code, device.releaseCode))
			throw new Refusal("release-code", `${device.treId} is not released: its release code is missing or wrong`);
	};

	/** One change at a time: whoever came first keeps his place until the change has ended. */
	const checkOrder = ({ treId, attempt }: PeerRequest<"register">, caller: string): void => {
		const known = store.outgoing.get(treId);
		if (known?.toSho === caller && attempt <= known.attempt)
			throw new Refusal("register-stale", "a later attempt is known already");
		if (known && isOpen(known)) throw new Refusal("change-under-way", `${treId} is on its way to an SHO already`);
	};

	const checkPeer = (body: PeerRequest<"register">, peer: OperatorEntry | undefined): void => {
		if (!peer || toDer(peer.certificate) !== body.certificate)
			throw new Refusal("certificate-mismatch", "CertSHO[i+1] is not that of the caller");
		const fault = rootFault(Buffer.from(body.certificate, "base64"));
		if (fault !== undefined) throw new Refusal("root-unsupported", `no TRE takes this CertSHO[i+1]: ${fault}`);
		if (!URL.canParse(body.provUrl) || new URL(body.provUrl).host !== peer.dpf.host)
			throw new Refusal("prov-url", `PROVURL does not lead to ${peer.dpf.host}`);
	};

	const register = async (body: PeerRequest<"register">, caller: string): Promise<Registered> => {
		// Heard before, and the answer was lost.
		const known = changeOf(body, caller);
		if (known) return { challenge: known.challenge };
		const device = served(body.treId);
		checkPeer(body, registry.operator(caller));
		checkRelease(device, body.releaseCode);
		checkOrder(body, caller);
		const challenge = randomBytes(CHALLENGE_OCTETS).toString("base64");
		const what = "TRE_id mapped to the subscription, register updated";
		await step({ clause: "B.2.3.2", from: config.shoId, to: `${config.shoId} DRF`, what }, () => {
			const { treId, changeId, attempt, provUrl, certificate, account } = body;
			const change = { treId, changeId, attempt, provUrl, certificate, account, toSho: caller, challenge };
			store.outgoing.put(treId, { ...change, state: "registered" });
		});
		drf.changed(body.treId);
		return { challenge };
	};

	const withdraw = (body: PeerRequest<"withdraw">, caller: string): object => {
		const change = changeOf(body, caller);
		if (!change) throw new Refusal("no-open-change", `no such change of ${body.treId} to ${caller} is open`);
		if (change.state !== "committed") served(body.treId);
		drf.withdraw(change, body.challenge);
		return {};
	};

	const readSaid = (device: Device, document: string): Receipt => {
		try {
			return readReceipt(document, new X509Certificate(Buffer.from(device.certSign, "base64")).publicKey);
		} catch (error) {
			throw new Refusal("receipt-invalid", (error as Error).message);
		}
	};

	/** Only a receipt with this change's challenge was made after it began; and only it can have led to the new root. */
	const committed = (body: PeerRequest<"committed">, caller: string): object => {
		const change = changeOf(body, caller);
		// Heard before, and the answer was lost.
		if (change?.state === "committed") return {};
		const device = served(body.treId);
		const said = readSaid(device, body.receipt);
		const peer = registry.operator(caller);
		if (said.treId !== body.treId || !peer || !said.currentRoot.equals(rootHash(peer.certificate)))
			throw new Refusal("receipt-mismatch", "the receipt is of another TRE, or names another root");
		if (!change?.bootstrap) throw new Refusal("no-open-change", `no such change of ${body.treId} to ${caller} is open`);
		if (!said.challenge.subarray(-CHALLENGE_OCTETS).equals(Buffer.from(change.challenge, "base64")))
			throw new Refusal("receipt-replayed", "the receipt does not carry the challenge of this change");
		store.atomically(() => {
			// NOTE Z: subscription and certificates stay for error scenarios; REIGN and SERIAL are done.
			store.devices.update(body.treId, { left: true, challenge: undefined, releaseCode: undefined, offer: undefined });
			store.outgoing.update(body.treId, { state: "committed" });
			store.believe(said, body.receipt);
		});
		return {};
	};

	return peerRoutes(context, { register, withdraw, committed });
}

const toDer = (pem: string): string => new X509Certificate(pem).raw.toString("base64");
