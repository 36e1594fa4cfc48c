export function alone<Result>(
	root: string,
	progress: (text: string) => void,
	run: () => Promise<Result>,
): Promise<Result>;
