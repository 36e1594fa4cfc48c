/** Configuration file of a visited network. */
export interface VnoConfig {
	readonly vnoId: string;
	readonly plmn: string;
	readonly registry: string;
}
