import { BENCH } from "../lab/world.ts";
import { GsupClient } from "../network/gsup/client.ts";
import type { Gsup, Tuple } from "../network/gsup/message.ts";
import { domains } from "../network/gsup/tables.ts";

/** One request to an HLR/AuC, as a visited network that has an agreement and no devices. */
export async function askHlr(gsup: string, message: Omit<Gsup, "kind">): Promise<Gsup> {
	const client = new GsupClient(() => gsup, BENCH, {
		onRequest: async ({ procedure, imsi }) => ({ procedure, kind: "result", imsi }),
	});
	try {
		return await client.request({ ...message, kind: "request" });
	} finally {
		client.close();
	}
}

/** A vector of a subscription; after resynchronisation, where RAND and AUTS are given. */
export async function askVector(
	gsup: string,
	imsi: string,
	resynchronisation: Pick<Gsup, "rand" | "auts"> = {},
): Promise<Required<Tuple>> {
	const request = { procedure: "SendAuthInfo", imsi, vectors: 1, domain: domains.ps, ...resynchronisation } as const;
	const { tuples, cause } = await askHlr(gsup, request);
	const [vector] = tuples ?? [];
	if (!vector) throw new Error(`the HLR/AuC refuses a vector for ${imsi}: cause ${cause}`);
	return vector as Required<Tuple>;
}
