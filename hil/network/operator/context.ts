import { fromPem, type Identity, issueLeaf, keyFromPem, keyToPem, makeRoot, toPem } from "../shared/certificates.ts";
import { Registry } from "../shared/registry.ts";
import type { OperatorConfig } from "./config.ts";
import { OperatorStore } from "./store.ts";

/** Keys of an operator: CertSHO signs documents and leaves, the leaves serve TLS. */
export interface OperatorKeys {
	readonly root: Identity;
	readonly dpf: Identity;
	readonly apiServer: Identity;
	readonly apiClient: Identity;
}

/** What all parts of an operator share. */
export interface OperatorContext {
	readonly config: OperatorConfig;
	readonly registry: Registry;
	readonly store: OperatorStore;
	readonly keys: OperatorKeys;
}

export const dpfHost = (shoId: string): string => `dpf.${shoId}`;
export const apiHost = (shoId: string): string => `api.${shoId}`;

/** Made at the first start, the same ever after. */
async function keep(store: OperatorStore, name: string, make: () => Promise<Identity>): Promise<Identity> {
	const kept = store.identities.get(name);
	if (kept) return { key: keyFromPem(kept.key), certificate: fromPem(kept.certificate) };
	const made = await make();
	store.identities.put(name, { key: keyToPem(made.key), certificate: toPem(made.certificate) });
	return made;
}

export async function openContext(config: OperatorConfig): Promise<OperatorContext> {
	const store = new OperatorStore(config.folder);
	const { shoId } = config;
	const root = await keep(store, "root", () => makeRoot(shoId, config.keyType));
	const keys = {
		root,
		dpf: await keep(store, "dpf", () => issueLeaf(root, dpfHost(shoId), [dpfHost(shoId)], "server")),
		apiServer: await keep(store, "api-server", () => issueLeaf(root, apiHost(shoId), [apiHost(shoId)], "server")),
		apiClient: await keep(store, "api-client", () => issueLeaf(root, shoId, [apiHost(shoId)], "client")),
	};
	return { config, registry: new Registry(config.registry), store, keys };
}
