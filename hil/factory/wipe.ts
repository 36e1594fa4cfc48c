import { Buffer } from "node:buffer";
import type { TreClient } from "../../host/tre/client.ts";
import { algorithmNumber } from "../../host/wire/dsig/signature.ts";
import { step } from "../../host/wire/report/events.ts";
import { postMutualTls } from "../network/shared/http.ts";
import type { FactoryPartners } from "./station.ts";

const CLAUSE = "G8";

/** Ends a device's life: the PVA signs the TRE's nonce and revokes the TRE; resolves to the TRE_id that is gone. */
export async function wipe(
	tre: TreClient,
	{ pva, station }: Pick<FactoryPartners, "pva" | "station">,
): Promise<string> {
	const { treId } = await tre.call("info", {});
	const { nonce } = await step({ clause: CLAUSE, from: "factory", to: "TRE", what: "challenge for a wipe" }, () =>
		tre.call("wipeChallenge", {}),
	);
	const target = { ...pva.api, root: pva.certificate };
	const body = { treId, nonce: Buffer.from(nonce).toString("base64") };
	const { signature } = await step(
		{ clause: CLAUSE, from: pva.pvaId, to: "factory", what: "signature over TRE_id and nonce; the TRE is revoked" },
		() => postMutualTls<{ signature: string }>(target, "/wipe", body, station),
	);
	await step({ clause: CLAUSE, from: "factory", to: "TRE", what: "keys and all else destroyed" }, () =>
		tre.call("wipe", {
			algorithm: algorithmNumber["rsa-sha256"],
			signature: Buffer.from(signature, "base64"),
		}),
	);
	return treId;
}
