import type { Routes } from "../../shared/http.ts";
import { insist } from "../../shared/shape.ts";
import type { OperatorContext } from "../context.ts";
import { type PeerMessage, type PeerRequest, peerPath, peerShapes } from "../messages.ts";

type Handlers = {
	readonly [Name in PeerMessage]?: (body: PeerRequest<Name>, caller: string) => Promise<object> | object;
};

/** Answers that are kept: far more than the peers have messages under way. */
const MAX_ANSWERED = 20_000;

function forgetOldest(answered: OperatorContext["store"]["answered"]): void {
	if (answered.size < MAX_ANSWERED) return;
	const oldest = answered.firstKey();
	if (oldest !== undefined) answered.delete(oldest);
}

/**
 * Routes of peers' messages: the shape is checked first; a message runs the first time its id comes, and
 * later the same answer is given, also while the first is worked on.
 */
export function peerRoutes({ store: { answered } }: OperatorContext, handlers: Handlers): Routes {
	const running = new Map<string, Promise<object>>();

	const once = (key: string, run: () => Promise<object> | object): Promise<object> => {
		const known = running.get(key) ?? answered.get(key)?.answer;
		if (known) return Promise.resolve(known);
		const work = Promise.resolve()
			.then(run)
			.then((answer) => {
				forgetOldest(answered);
				return answered.put(key, { answer }).answer;
			})
			.finally(() => running.delete(key));
		running.set(key, work);
		return work;
	};

	return Object.fromEntries(
		Object.entries(handlers).map(([name, handle]) => [
			`POST ${peerPath(name as PeerMessage)}`,
			(body: never, caller: string) => {
				insist(body, peerShapes[name as PeerMessage]);
				return once(`${caller} ${(body as { id: string }).id}`, () => handle(body, caller));
			},
		]),
	);
}
