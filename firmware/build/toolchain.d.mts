export interface Toolchain {
	readonly prefix: string;
	readonly folder: string;
	readonly flags: readonly string[];
}

export function toolchainOf(core: string): Toolchain;
