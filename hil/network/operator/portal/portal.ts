import { createHash, randomUUID } from "node:crypto";
import { step } from "../../../../host/wire/report/events.ts";
import { postMutualTls, Refusal, type Routes } from "../../shared/http.ts";
import { rootHash } from "../../shared/registry.ts";
import type { OperatorContext } from "../context.ts";
import { provUrl } from "../dpf/server.ts";
import { validateLocally } from "../dpf/validation.ts";
import { newImsi } from "../provisioning/imsi.ts";
import { prepareAccount, prepareMcim } from "../provisioning/objects.ts";

/** The delivery note as the subscriber hands it in: TRE_id, both CertTRE (base64 DER), SHO_id. */
export interface Subscription {
	readonly treId: string;
	readonly certSign: string;
	readonly certEncrypt: string;
	readonly shoId: string;
}

/** Where an operator stands with its devices, for people and for the bench. */
export interface OperatorStatus {
	readonly shoId: string;
	readonly devices: readonly { treId: string; imsi: string; left: boolean; bootstrapped: boolean }[];
	readonly registrations: readonly { treId: string; imsi: string; state: string; fromSho: string; told: boolean }[];
}

/** B.2.3.2: subscription registration at SHO[i+1]. */
export function portalRoutes(context: OperatorContext): Routes {
	return {
		"POST /subscriptions": (body: Subscription) => subscribe(context, body),
		"GET /status": (): OperatorStatus => ({
			shoId: context.config.shoId,
			devices: context.store.devices
				.all()
				.map(({ treId, imsi, left, serial, bootstrapped }) => ({ treId, imsi, left, serial, bootstrapped })),
			registrations: context.store.registrations
				.all()
				.map(({ treId, imsi, state, fromSho, told }) => ({ treId, imsi, state, fromSho, told: told ?? false })),
		}),
	};
}

async function subscribe(context: OperatorContext, body: Subscription): Promise<object> {
	const { store, config, keys, registry } = context;
	const current = registry.operator(body.shoId);
	if (!current || current.shoId === config.shoId) throw new Refusal("sho-unknown", `no contract with ${body.shoId}`);
	const [sign, encrypt] = [Buffer.from(body.certSign, "base64"), Buffer.from(body.certEncrypt, "base64")];
	const verdict = validateLocally(context, body.treId, sign, encrypt);
	if (!verdict.trusted) throw new Refusal("cert-tre", `CertTRE is refused: ${verdict.reason}`);

	const known = store.registrations.get(body.treId);
	const served = store.devices.get(body.treId);
	if (known?.state === "requested" || known?.state === "installed" || (served && !served.left)) {
		throw new Refusal("change-under-way", `${body.treId} is already ${known?.state ?? "served"} here`);
	}
	const root = rootHash(keys.root.certificate);
	const { mcim, account, imsi } = await step(
		{
			clause: "B.2.3.2",
			from: config.shoId,
			to: `${config.shoId} HSS, DPF`,
			what: "MCIM credentials made, stored in the HLR/AuC, protected for PuKTRE",
		},
		() => {
			const fresh = newImsi(context);
			const prepared = prepareMcim({
				treId: body.treId,
				certificate: encrypt,
				issuer: root,
				imsi: fresh,
				fallback: config.fallback,
			});
			store.subscribers.put(fresh, {
				imsi: fresh,
				k: prepared.k.toString("hex"),
				opc: prepared.opc.toString("hex"),
				seq: 0,
			});
			return { mcim: prepared, account: prepareAccount(body.treId, encrypt, root, config.shoId), imsi: fresh };
		},
	);
	store.registrations.put(body.treId, {
		treId: body.treId,
		certSign: body.certSign,
		certEncrypt: body.certEncrypt,
		fromSho: body.shoId,
		imsi,
		mcimId: mcim.mcimId.toString("base64"),
		protectedMcim: mcim.object.toString("base64"),
		accountHash: createHash("sha256").update(account.object).digest("base64"),
		nonceA: account.nonceA.toString("base64"),
		user: account.user,
		clientPassword: account.clientPassword,
		serverPassword: account.serverPassword,
		serverNonce: account.serverNonce.toString("base64"),
		clientNonce: account.clientNonce.toString("base64"),
		state: "registered",
	});
	const registered = step(
		{
			clause: "B.2.3.2",
			from: config.shoId,
			to: body.shoId,
			what: "register {TRE_id, PROVURL, CertSHO, protected DM account with nonceA} over mutual TLS",
		},
		() =>
			postMutualTls(
				{ ...current.api, root: current.certificate },
				"/peer/register",
				{
					id: randomUUID(),
					treId: body.treId,
					provUrl: provUrl(config.shoId),
					certificate: keys.root.certificate.toString("base64"),
					account: account.object.toString("base64"),
				},
				keys.apiClient,
			),
	);
	await registered.catch((error) => {
		// What was prepared is of no use to anybody now.
		if (known) store.registrations.put(body.treId, known);
		else store.registrations.delete(body.treId);
		store.subscribers.delete(imsi);
		throw error;
	});
	return { imsi, treId: body.treId };
}
