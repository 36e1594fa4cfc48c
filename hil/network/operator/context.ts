import { X509Certificate } from "node:crypto";
import { type Identity, issueLeaf, makeRoot } from "../shared/certificates.ts";
import { keepIdentity } from "../shared/identity.ts";
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

const DAY_MS = 86_400_000;

/** Days until the first of an operator's TLS leaves ends: whoever connects to it refuses it then. */
export function leavesEndInDays({ dpf, apiServer, apiClient }: OperatorKeys): number {
	const ends = [dpf, apiServer, apiClient].map(({ certificate }) =>
		Date.parse(new X509Certificate(certificate).validTo),
	);
	return Math.floor((Math.min(...ends) - Date.now()) / DAY_MS);
}

export const dpfHost = (shoId: string): string => `dpf.${shoId}`;
export const DM_PATH = "/dm";
/** Where DM sessions begin. */
export const provUrl = (shoId: string): string => `https://${dpfHost(shoId)}${DM_PATH}`;
export const apiHost = (shoId: string): string => `api.${shoId}`;

export async function openContext(config: OperatorConfig): Promise<OperatorContext> {
	const store = await OperatorStore.open(config.folder);
	const { shoId } = config;
	const root = await keepIdentity(store.identities, "root", () => makeRoot(shoId, config.keyType));
	const keys = {
		root,
		dpf: await keepIdentity(store.identities, "dpf", () => issueLeaf(root, dpfHost(shoId), [dpfHost(shoId)], "server")),
		apiServer: await keepIdentity(store.identities, "api-server", () =>
			issueLeaf(root, apiHost(shoId), [apiHost(shoId)], "server"),
		),
		apiClient: await keepIdentity(store.identities, "api-client", () =>
			issueLeaf(root, shoId, [apiHost(shoId)], "client"),
		),
	};
	// What is told of these keys from now on has to stay true.
	await store.durable();
	return { config, registry: new Registry(config.registry), store, keys };
}
