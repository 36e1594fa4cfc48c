export function unjudged(records: string, ours: string, page: string): string[];
