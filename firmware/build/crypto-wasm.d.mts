export function linkNamedCryptoWasm(
	root: string,
	surface: Readonly<Record<string, unknown>>,
	output: string,
): Promise<void>;
