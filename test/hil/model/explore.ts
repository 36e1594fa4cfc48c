/** All values that can be reached from `start`, up to the first that is `broken`. */
export function explore<World>(
	start: World,
	next: (world: World) => readonly World[],
	broken: (world: World) => boolean,
): { readonly worlds: readonly World[]; readonly broken?: World } {
	const seen = new Map<string, World>([[JSON.stringify(start), start]]);
	for (const world of seen.values()) {
		if (broken(world)) return { worlds: [...seen.values()], broken: world };
		for (const one of next(world)) {
			const key = JSON.stringify(one);
			if (!seen.has(key)) seen.set(key, one);
		}
	}
	return { worlds: [...seen.values()] };
}
