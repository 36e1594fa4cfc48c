import type { Collection } from "../database/collection.ts";
import { tableOf } from "../database/table.ts";
import { fromPem, type Identity, keyFromPem, keyToPem, toPem } from "./certificates.ts";

/** A private key and its certificate as they are stored, PEM. */
export interface StoredIdentity {
	readonly key: string;
	readonly certificate: string;
}

export const identityShape = tableOf<StoredIdentity>().beside("identity", "name", {
	key: "secret",
	certificate: "text",
});

/** Made at the first start, the same ever after. */
export async function keepIdentity(
	identities: Collection<StoredIdentity>,
	name: string,
	make: () => Promise<Identity>,
): Promise<Identity> {
	const kept = identities.get(name);
	if (kept) return { key: keyFromPem(kept.key), certificate: fromPem(kept.certificate) };
	const made = await make();
	identities.put(name, { key: keyToPem(made.key), certificate: toPem(made.certificate) });
	return made;
}
