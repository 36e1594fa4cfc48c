export const flags: readonly string[];
export function buildTreWasm(root: string, progress: (text: string) => void): Promise<string>;
