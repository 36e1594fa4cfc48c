import type { TreClient } from "../../host/tre/client.ts";
import { TreError } from "../../host/tre/errors.ts";
import { algorithmNumber, parseSignature } from "../../host/wire/dsig/signature.ts";
import { askVector } from "./ask-hlr.ts";
import { ScenarioFailed } from "./events.ts";

/** A document as it was signed, and the detached ds:Signature over it. */
export interface SignedDocument {
	readonly document: string;
	readonly signature?: string;
}

/** The device and its operator agree: one MCIM, that one, and no change under way. */
export async function checkOneMcim(tre: TreClient, imsi: string): Promise<void> {
	const { state, activeImsi, pendingImsi } = await tre.status();
	if (state === "idle" && activeImsi === imsi && pendingImsi === "") return;
	throw new ScenarioFailed(
		`the TRE is ${state} with ${activeImsi} and ${pendingImsi || "nothing"} pending; ${imsi} was expected`,
	);
}

/** TRE and HLR/AuC hold the same credential: AKA succeeds (TS 33.102 clause 6.3), and with that vector only once (G5). */
export async function checkCredential(tre: TreClient, imsi: string, gsup: string): Promise<void> {
	const { rand, autn, res: expected } = await askVector(gsup, imsi);
	const request = { rand, autn };
	const { outcome, res } = await tre.call("authenticate", request);
	if (outcome !== 0 || !expected.equals(res)) throw new ScenarioFailed("AKA with the last operator's credential fails");
	if ((await tre.call("authenticate", request)).outcome === 0)
		throw new ScenarioFailed("the TRE accepted an AUTN twice");
}

/** A bootstrap whose change has happened is refused (G2, G5). */
export async function checkSpent(tre: TreClient, { document, signature = "" }: SignedDocument): Promise<void> {
	const { algorithm, value } = parseSignature("detached", signature);
	const request = { document: Buffer.from(document), algorithm: algorithmNumber[algorithm], signature: value };
	const accepted = await tre.call("acceptBootstrap", request).catch((error: unknown) => {
		if (!(error instanceof TreError)) throw error;
		return undefined;
	});
	if (accepted) throw new ScenarioFailed("the TRE accepted a bootstrap twice");
}
