import type { Routes } from "../../shared/http.ts";
import { Refusal } from "../../shared/refusal.ts";
import { rootHash } from "../../shared/registry.ts";
import { field, insist } from "../../shared/shape.ts";
import type { OperatorContext } from "../context.ts";
import { validateLocally } from "../dpf/validation.ts";
import { newImsi } from "../provisioning/imsi.ts";
import { prepareMcim } from "../provisioning/objects.ts";
import { newReleaseCode } from "../registration/release-code.ts";

/** What a TRE factory asks of the RO (B.2.2.1): the RO makes {PCID, K, OPc}, so the factory never sees K. */
export function factoryRoutes(context: OperatorContext): Routes {
	const { store, config, keys, registry } = context;
	const onlyPva = (caller: string) => {
		if (!registry.pvas().some((pva) => pva.pvaId === caller))
			throw new Refusal("not-a-factory", `${caller} is no PVA`, 403);
	};
	return {
		"POST /factory/credential": (body: { treId: string; certSign: string; certEncrypt: string }, caller: string) => {
			onlyPva(caller);
			insist(body, { treId: field.treId, certSign: field.base64(1, 4096), certEncrypt: field.base64(1, 4096) });
			const [sign, encrypt] = [Buffer.from(body.certSign, "base64"), Buffer.from(body.certEncrypt, "base64")];
			const verdict = validateLocally(context, body.treId, sign, encrypt);
			if (!verdict.trusted) throw new Refusal("cert-tre", `CertTRE is refused: ${verdict.reason}`);
			const known = store.devices.get(body.treId);
			if (known && known.reign !== "") throw new Refusal("device-known", `${body.treId} is delivered already`);
			const imsi = newImsi(context);
			const mcim = prepareMcim({
				treId: body.treId,
				certificate: encrypt,
				issuer: rootHash(keys.root.certificate),
				imsi,
				fallback: config.fallback,
				op: config.op,
			});
			const { treId, certSign, certEncrypt } = body;
			store.atomically(() => {
				// An attempt that did not reach its lock: its PCID is free again.
				if (known) store.forget(known.imsi);
				store.subscribers.put(imsi, { imsi, k: mcim.k.toString("hex"), opc: mcim.opc.toString("hex") });
				const device = { treId, certSign, certEncrypt, imsi, madeBy: caller };
				store.devices.put(treId, { ...device, reign: "", serial: 0, bootstrapped: false, left: false });
			});
			return {
				object: mcim.object.toString("base64"),
				certificate: keys.root.certificate.toString("base64"),
				pcid: imsi,
			};
		},

		"POST /factory/locked": (body: { treId: string; reign: string }, caller: string) => {
			onlyPva(caller);
			insist(body, { treId: field.treId, reign: field.sha256 });
			const { treId, reign } = body;
			const device = store.devices.get(treId);
			if (!device || device.madeBy !== caller)
				throw new Refusal("device-unknown", `no credential was made for ${treId} of ${caller}`, 404);
			// From the first bootstrap on the device is in the field, and not its factory's any more.
			if (device.serial > 0 || device.left || (device.reign !== "" && device.reign !== reign))
				throw new Refusal("device-known", `${treId} is delivered already`);
			// Asked again, the code before it is void: the answer was lost.
			const release = newReleaseCode();
			store.devices.update(treId, { reign, releaseCode: release.hash });
			return { releaseCode: release.code };
		},
	};
}
