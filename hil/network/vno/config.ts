/** Configuration file of a visited network. */
export interface VnoConfig {
	readonly vnoId: string;
	readonly plmn: string;
	/** Where its ports are kept. */
	readonly folder: string;
	readonly registry: string;
}
