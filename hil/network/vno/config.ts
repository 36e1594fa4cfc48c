/** Configuration file of a visited network. */
export interface VnoConfig {
	readonly vnoId: string;
	readonly plmn: string;
	/** Where its ports are kept. */
	readonly folder: string;
	readonly registry: string;
	/** File with the SHO_ids that this network does not serve, a JSON array; nobody where it is missing. */
	readonly barred: string;
	/** File with what the air does to short messages (air.ts); nothing where it is missing. */
	readonly air: string;
	/** This network's token at each home operator. */
	readonly tokens: Readonly<Record<string, string>>;
}
