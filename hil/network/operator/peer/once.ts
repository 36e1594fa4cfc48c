import type { OperatorContext } from "../context.ts";

/** Runs a peer's message the first time its id comes; later the same answer is given, also while the first is worked on. */
export function answeringOnce(context: OperatorContext) {
	const { answered } = context.store;
	const running = new Map<string, Promise<object>>();
	return (id: string, caller: string, run: () => Promise<object> | object): Promise<object> => {
		const key = `${caller} ${id}`;
		const known = running.get(key) ?? answered.get(key);
		if (known) return Promise.resolve(known);
		const work = Promise.resolve()
			.then(run)
			.then((answer) => answered.put(key, answer))
			.finally(() => running.delete(key));
		running.set(key, work);
		return work;
	};
}
